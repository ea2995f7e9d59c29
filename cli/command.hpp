// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/repository.hpp"
#include "jobs/run/run.hpp"

namespace aidp {

// Options that every command takes.
struct Globals {
  std::optional<std::string> home;
  std::string format = "text";    // text, json; report surveillance: html, json, csv
  std::string progress = "auto";  // auto, bar, plain, none
  bool quiet = false;
  int verbose = 0;
  bool json() const { return format == "json"; }
};

// One command of aidp: setup() declares options and opens nothing, run() acts and prints. To add one, write a file with a class like
// the others and name its maker in commands.def; help, man pages and completion follow.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string name() const = 0;     // "model install"
  virtual std::string summary() const = 0;  // one line
  virtual std::string details() const { return {}; }
  virtual std::vector<std::string> examples() const = 0;
  virtual std::vector<std::string> formats() const { return {"text", "json"}; }
  virtual void setup(CLI::App& app) = 0;
  virtual Exit run(const Globals& globals) = 0;
};

}  // namespace aidp
