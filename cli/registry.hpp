// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace aidp {

// The commands of commands.def with their CLI11 subcommands, index by index; `model install` is `install` below `model`.
class Registry {
 public:
  // Adds the commands to `root`, which lives longer and has the options of every command.
  explicit Registry(CLI::App& root);

  const std::vector<std::unique_ptr<Command>>& commands() const { return commands_; }
  const std::vector<CLI::App*>& apps() const { return apps_; }
  const CLI::App& root() const { return root_; }

  std::optional<std::size_t> find(const std::string& name) const;  // "model install"
  std::optional<std::size_t> parsed() const;                       // the command that the line names, once it is parsed
  CLI::App* group(const std::string& name) const;                  // "model", or nothing

 private:
  CLI::App& parent_of(const std::string& group);

  CLI::App& root_;
  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<CLI::App*> apps_;
};

}  // namespace aidp
