// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "cli/registry.hpp"
#include "cli/standard_output.hpp"

namespace aidp {

// aidp as a program: the options of every command, the command that a line names, its output and its errors.
class Program {
 public:
  Program();
  // The exit status.
  int run(int argc, char** argv);

 private:
  int parse_and_run(int argc, char** argv, const std::vector<std::string>& words);
  Exit run_command();
  void check_globals(const Command& command);
  Exit generate() const;
  int help(const std::string& command) const;
  int help_on_parsed() const;
  int print_completion(const std::vector<std::string>& words);
  int report(const Error& error) const;

  StandardOutput output_;
  CLI::App app_;
  Globals globals_;
  CLI::Option* format_ = nullptr;
  std::string generate_, to_;
  Registry registry_;
};

}  // namespace aidp
