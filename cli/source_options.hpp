// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace aidp {

// What `run` and `validate input` are told alike: which images, and with what they are read and prepared.
class SourceOptions {
 public:
  void setup(CLI::App& app);
  // Throws Error(usage) and as read_worklist() does.
  Sources read(const Home& home);
  const std::vector<std::string>& paths() const { return paths_; }
  int workers() const;  // Throws Error(usage) beyond its range.

 private:
  Sources sources_;
  std::vector<std::string> paths_;
  std::string worklist_, memory_;
};

}  // namespace aidp
