// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

void Mistakes::add(const YAML::Node& node, std::string what) {
  const auto mark = node.IsDefined() ? node.Mark() : YAML::Mark();
  mistakes_.push_back({mark.line + 1, mark.column + 1, std::move(what)});
}

void Mistakes::add(std::vector<Mistake> more) { mistakes_.insert(mistakes_.end(), more.begin(), more.end()); }

std::string Mistakes::text(const std::string& file) const {
  auto sorted = mistakes_;
  std::ranges::stable_sort(sorted, {}, [](const Mistake& m) { return std::pair(m.line, m.column); });
  std::string text;
  for (const auto& mistake : sorted)
    text += file + ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + ": " + printable(mistake.what) + "\n";
  return text + std::to_string(sorted.size()) + (sorted.size() == 1 ? " mistake" : " mistakes");
}

std::string not_allowed(const std::string& word, const std::vector<std::string>& allowed) {
  const auto near = nearest(word, allowed);
  return "'" + word + "' is not allowed; allowed: " + join(allowed, ", ") + (near ? "; did you mean '" + *near + "'?" : "");
}

nlohmann::json scalar(const YAML::Node& node) {
  const auto text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return text;
  if (text.find_first_of(".eE") == std::string::npos && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

Fields::Fields(const YAML::Node& node, std::string what, Mistakes& mistakes) : node_(node), what_(std::move(what)), mistakes_(mistakes) {
  if (!node.IsMap()) mistakes_.add(node, what_ + " must be a map of keys and values");
}

YAML::Node Fields::take(const std::string& key, bool needed) {
  known_.push_back(key);
  if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node& map = node_;  // the const operator[] adds nothing
  auto value = map[key];
  if (value.IsDefined()) return value;
  if (needed) mistakes_.add(node_, what_ + " lacks '" + key + "'");
  return YAML::Node(YAML::NodeType::Undefined);  // what yaml-cpp gives for a missing key throws when it is asked for its type
}

std::string Fields::text(const std::string& key, bool needed) {
  const auto value = take(key, needed);
  if (!value.IsDefined()) return {};
  if (!value.IsScalar() || trim(value.Scalar()).empty()) {
    mistakes_.add(value, "'" + key + "' must be a text");
    return {};
  }
  return std::string(trim(value.Scalar()));
}

std::optional<double> Fields::number(const std::string& key, bool needed) {
  const auto value = take(key, needed);
  if (!value.IsDefined()) return std::nullopt;
  const auto json = value.IsScalar() ? scalar(value) : nlohmann::json();
  if (json.is_number()) return json.get<double>();
  mistakes_.add(value, "'" + key + "' must be a number");
  return std::nullopt;
}

std::optional<int> Fields::integer(const std::string& key, int low, int high, bool needed) {
  const auto value = take(key, needed);
  if (!value.IsDefined()) return std::nullopt;
  const auto json = value.IsScalar() ? scalar(value) : nlohmann::json();
  if (json.is_number_integer() && json.get<std::int64_t>() >= low && json.get<std::int64_t>() <= high) return json.get<int>();
  mistakes_.add(value, "'" + key + "' must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return std::nullopt;
}

bool Fields::boolean(const std::string& key, bool standard) {
  const auto value = take(key, false);
  if (!value.IsDefined()) return standard;
  const auto json = value.IsScalar() ? scalar(value) : nlohmann::json();
  if (json.is_boolean()) return json.get<bool>();
  mistakes_.add(value, "'" + key + "' must be true or false");
  return standard;
}

std::string Fields::choice(const std::string& key, const std::vector<std::string>& allowed, bool needed) {
  const auto value = take(key, needed);
  if (!value.IsDefined()) return allowed.front();
  const auto word = value.IsScalar() ? value.Scalar() : "";
  if (std::ranges::find(allowed, word) != allowed.end()) return word;
  mistakes_.add(value, "'" + key + "': " + not_allowed(word, allowed));
  return allowed.front();
}

void Fields::finish() {
  if (!node_.IsMap()) return;
  for (const auto& entry : node_) {
    const auto key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (std::ranges::find(known_, key) == known_.end()) mistakes_.add(entry.first, "in " + what_ + " the key " + not_allowed(key, known_));
  }
}

}  // namespace aidp
