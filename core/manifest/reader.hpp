// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/manifest/strict_yaml.hpp"

namespace aidp {

// Collects mistakes with their places while a manifest is read; nothing is thrown until all are known.
class Mistakes {
 public:
  void add(const YAML::Node& node, std::string what);
  void add(std::vector<Mistake> more);
  bool empty() const { return mistakes_.empty(); }
  // FILE:LINE:COLUMN: what, one a line in the order of the file, and their count.
  std::string text(const std::string& file) const;

 private:
  std::vector<Mistake> mistakes_;
};

// A map of the manifest: hands out its keys one by one; what was never asked for is an unknown key.
class Fields {
 public:
  Fields(const YAML::Node& node, std::string what, Mistakes& mistakes);

  // The value of a key; invalid if absent, which is a mistake where it is needed.
  YAML::Node take(const std::string& key, bool needed);
  std::string text(const std::string& key, bool needed = true);
  std::optional<double> number(const std::string& key, bool needed = false);
  std::optional<int> integer(const std::string& key, int low, int high, bool needed = false);
  bool boolean(const std::string& key, bool standard);
  // One of `allowed`; the first where the value is wrong.
  std::string choice(const std::string& key, const std::vector<std::string>& allowed, bool needed = true);
  // Complains of every key that was not taken.
  void finish();
  const YAML::Node& node() const { return node_; }

 private:
  YAML::Node node_;
  std::string what_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;
};

// A plain value as JSON: a number, a boolean or a text (always a text where it was quoted).
nlohmann::json scalar(const YAML::Node& node);
// "'x' is not allowed; allowed: a, b" and, if there is a near one, "; did you mean 'a'?".
std::string not_allowed(const std::string& word, const std::vector<std::string>& allowed);

}  // namespace aidp
