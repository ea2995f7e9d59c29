// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace aidp {

// What an import finds on its way: obstacles, collected so that all are told at once, and warnings, which stop nothing.
class Findings {
 public:
  // Does a part of the reading. What refuses it with Error(package_invalid) is kept as an obstacle; anything else goes on.
  template <class Part>
  void collect(Part&& part) try {
    std::forward<Part>(part)();
  } catch (const Error& error) {
    if (error.reason() != Reason::package_invalid) throw;
    add(error);
  }
  // Throws Error(package_invalid) if there is an obstacle; if there are several, an ErrorList with each on a line of its own.
  void check() const;

  void warn(const std::string& text);
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void add(const Error& error);

  std::vector<std::string> obstacles_, remedies_, warnings_;  // each once, in the order in which they came
};

}  // namespace aidp
