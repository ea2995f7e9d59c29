// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/reader.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>
#include <span>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t text_bytes_below = 4096;
constexpr std::size_t lines_at_most = 50;
}  // namespace

void Mistakes::add(const YAML::Node& node, std::string what) {
  const auto mark = node.IsDefined() ? node.Mark() : YAML::Mark();
  mistakes_.push_back({mark.line + 1, mark.column + 1, std::move(what)});
}

void Mistakes::add(std::vector<Mistake> more) { mistakes_.insert(mistakes_.end(), more.begin(), more.end()); }

std::string Mistakes::text(const std::string& file) const {
  auto sorted = mistakes_;
  std::ranges::stable_sort(sorted, {}, [](const Mistake& m) { return std::pair(m.line, m.column); });
  std::string text;
  for (const auto& mistake : std::span(sorted).first(std::min(sorted.size(), lines_at_most)))
    text += file + ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + ": " + printable(mistake.what) + "\n";
  return text + std::to_string(sorted.size()) + (sorted.size() == 1 ? " mistake" : " mistakes") +
         (sorted.size() > lines_at_most ? "; the first are listed above" : "");
}

std::string not_allowed(const std::string& word, const std::vector<std::string>& allowed) {
  const auto near = word.size() > 1 ? nearest(word, allowed) : std::nullopt;
  return "'" + word + "' is not allowed; allowed: " + join(allowed, ", ") + (near ? "; did you mean '" + *near + "'?" : "");
}

nlohmann::json plain(const YAML::Node& node) {
  if (!node.IsScalar()) return {};
  const auto text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  const auto value = number_in<double>(text);
  if (!value || !std::isfinite(*value)) return text;
  if (text.find_first_of(".eE") == std::string::npos && std::abs(*value) < 1e15) return static_cast<std::int64_t>(*value);
  return *value;
}

std::optional<int> whole(const YAML::Node& node, int low, int high) {
  const auto value = plain(node);
  if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) return std::nullopt;
  return value.get<int>();
}

std::string line_of_text(const YAML::Node& node, const std::string& what, Mistakes& mistakes) {
  auto text = node.IsScalar() ? std::string(trim(node.Scalar())) : "";
  std::ranges::replace(text, '\n', ' ');
  if (text.empty())
    mistakes.add(node, what + " must be text");
  else if (text.size() >= text_bytes_below)
    mistakes.add(node, what + " must be shorter than 4096 bytes");
  else if (printable(text) != text)
    mistakes.add(node, what + " must not hold control or invisible characters");
  else
    return text;
  return {};
}

void check_form(const YAML::Node& node, const std::string& text, const char* pattern, const char* what, Mistakes& mistakes) {
  if (!text.empty() && !std::regex_match(text, std::regex(pattern))) mistakes.add(node, "'" + text + "' is not a " + what);
}

std::string package_path(Fields& fields, const std::string& key, Mistakes& mistakes, bool needed) {
  const auto text = fields.text(key, needed);
  const std::filesystem::path path(text);
  const bool climbs = std::ranges::any_of(path, [](const auto& part) { return part == ".."; });
  if (path.is_absolute() || climbs) mistakes.add(fields.node()[key], "'" + text + "' must be a path inside the package, without '..'");
  return text;
}

Fields::Fields(const YAML::Node& node, std::string what, Mistakes& mistakes, const YAML::Node& place)
    : node_(node), place_(place), what_(std::move(what)), mistakes_(mistakes) {
  if (!node.IsMap()) mistakes_.add(node, what_ + " must be a map of keys and values");
}

YAML::Node Fields::take(const std::string& key, bool needed) {
  known_.push_back(key);
  if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node& map = node_;  // the const operator[] adds nothing
  auto value = map[key];
  if (value.IsDefined()) return value;
  if (needed) mistakes_.add(place_, what_ + " lacks '" + key + "'");
  return YAML::Node(YAML::NodeType::Undefined);  // what yaml-cpp gives for a missing key throws when it is asked for its type
}

std::string Fields::text(const std::string& key, bool needed) {
  const auto value = take(key, needed);
  return value.IsDefined() ? line_of_text(value, "'" + key + "'", mistakes_) : "";
}

std::optional<double> Fields::number(const std::string& key, bool needed, std::optional<double> low) {
  const auto value = take(key, needed);
  if (!value.IsDefined()) return std::nullopt;
  const auto json = plain(value);
  if (json.is_number() && json.get<double>() >= low.value_or(json.get<double>())) return json.get<double>();
  mistakes_.add(value, "'" + key + "' must be a number" + (low ? " of at least " + aidp::number(*low) : ""));
  return std::nullopt;
}

std::optional<int> Fields::integer(const std::string& key, int low, int high, bool needed) {
  const auto value = take(key, needed);
  if (!value.IsDefined()) return std::nullopt;
  const auto number = whole(value, low, high);
  if (!number) mistakes_.add(value, "'" + key + "' must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return number;
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
