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
  std::size_t count() const { return mistakes_.size(); }
  // FILE:LINE:COLUMN: what, one a line in the order of the file, 50 at most, and their count.
  std::string text(const std::string& file) const;

 private:
  std::vector<Mistake> mistakes_;
};

// A map of the manifest: hands out its keys one by one; what was never asked for is an unknown key.
class Fields {
 public:
  // `what` names the map in messages; `place` is where it lacks something, if not at `node`.
  Fields(const YAML::Node& node, std::string what, Mistakes& mistakes) : Fields(node, std::move(what), mistakes, node) {}
  Fields(const YAML::Node& node, std::string what, Mistakes& mistakes, const YAML::Node& place);

  // The value of a key; invalid if absent, which is a mistake where it is needed.
  YAML::Node take(const std::string& key, bool needed);
  std::string text(const std::string& key, bool needed = true);
  // Finite, and at least `low` where that is given.
  std::optional<double> number(const std::string& key, bool needed = false, std::optional<double> low = {});
  std::optional<int> integer(const std::string& key, int low, int high, bool needed = false);
  // One of `allowed`; the first where the value is wrong.
  std::string choice(const std::string& key, const std::vector<std::string>& allowed, bool needed = true);
  // Complains of every key that was not taken.
  void finish();
  const YAML::Node& node() const { return node_; }

 private:
  YAML::Node node_, place_;
  std::string what_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;
};

// A plain value as JSON: a finite number, a boolean or a text (always a text where it was quoted); null for a list, a map or nothing.
nlohmann::json plain(const YAML::Node& node);
// A whole number from `low` to `high`, or nothing.
std::optional<int> whole(const YAML::Node& node, int low, int high);
// A text for people on one line: trimmed, line breaks as spaces. Anything else, 4096 bytes or more, and characters that would act on a
// terminal are a mistake of `what`, and the text is empty.
std::string line_of_text(const YAML::Node& node, const std::string& what, Mistakes& mistakes);
// A mistake "'text' is not a WHAT" unless the text is empty or all of it matches the pattern.
void check_form(const YAML::Node& node, const std::string& text, const char* pattern, const char* what, Mistakes& mistakes);
// The text of a key as a path inside the package: relative, without '..'.
std::string package_path(Fields& fields, const std::string& key, Mistakes& mistakes, bool needed = true);
// "'x' is not allowed; allowed: a, b" and, if there is a near one, "; did you mean 'a'?".
std::string not_allowed(const std::string& word, const std::vector<std::string>& allowed);

}  // namespace aidp
