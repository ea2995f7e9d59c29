// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/base/text.hpp"
#include "core/manifest/manifest.hpp"
#include "core/manifest/rule_regex.hpp"

namespace aidp {

namespace {
std::string words(const nlohmann::json& value) { return printable(value.is_string() ? value.get<std::string>() : value.dump()); }

std::string words(const std::vector<nlohmann::json>& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(words(value));
  return join(texts, ", ");
}

std::string words(const Rule& rule) {
  using Test = Rule::Test;
  const auto nested = [&](const char* how) {
    std::vector<std::string> parts;
    for (const auto& part : rule.rules) parts.push_back(words(part));
    return std::string(how) + " of (" + join(parts, "; ") + ")";
  };
  switch (rule.test) {
    case Test::equals:
      return rule.attribute + " must equal " + words(rule.values);
    case Test::any_of:
      return rule.attribute + " must be one of " + words(rule.values);
    case Test::regex:
      return rule.attribute + " must match /" + words(rule.values) + "/";
    case Test::range:
      return rule.attribute + " must lie in [" + (rule.values[0].is_null() ? "-inf" : words(rule.values[0])) + ", " +
             (rule.values[1].is_null() ? "inf" : words(rule.values[1])) + "]";
    case Test::contains:
      return rule.attribute + " must contain " + words(rule.values);
    case Test::excludes:
      return rule.attribute + " must not contain " + words(rule.values);
    case Test::present:
      return rule.attribute + (rule.values.at(0).get<bool>() ? " must be present" : " must be absent");
    case Test::all:
      return nested("all");
    case Test::any:
      return nested("any");
    case Test::none:
      return nested("none");
  }
  return {};
}

bool equal(const nlohmann::json& seen, const nlohmann::json& wanted) {
  if (seen.is_array() && !wanted.is_array()) return seen.size() == 1 && equal(seen[0], wanted);
  if (seen.is_string() && wanted.is_number()) return seen.get<std::string>() == wanted.dump();
  if (seen.is_number() && wanted.is_string()) return seen.dump() == wanted.get<std::string>();
  return seen == wanted;
}

bool contains(const nlohmann::json& seen, const nlohmann::json& wanted) {
  if (seen.is_array()) return std::ranges::any_of(seen, [&](const auto& value) { return equal(value, wanted); });
  if (seen.is_string() && wanted.is_string()) return seen.get<std::string>().find(wanted.get<std::string>()) != std::string::npos;
  return equal(seen, wanted);
}

bool in_range(const nlohmann::json& seen, const Rule& rule) {
  if (seen.is_array()) return !seen.empty() && std::ranges::all_of(seen, [&](const auto& value) { return in_range(value, rule); });
  if (!seen.is_number()) return false;
  const auto value = seen.get<double>();
  return (rule.values[0].is_null() || value >= rule.values[0].get<double>()) &&
         (rule.values[1].is_null() || value <= rule.values[1].get<double>());
}

bool holds(const Rule& rule, const nlohmann::json& attributes) {
  using Test = Rule::Test;
  const auto part = [&](const Rule& nested) { return holds(nested, attributes); };
  if (rule.test == Test::all) return std::ranges::all_of(rule.rules, part);
  if (rule.test == Test::any) return std::ranges::any_of(rule.rules, part);
  if (rule.test == Test::none) return std::ranges::none_of(rule.rules, part);
  const bool there = attributes.is_object() && attributes.contains(rule.attribute) && !attributes[rule.attribute].is_null();
  if (rule.test == Test::present) return there == rule.values.at(0).get<bool>();
  if (!there) return rule.test == Test::excludes;
  const auto& seen = attributes[rule.attribute];
  switch (rule.test) {
    case Test::equals:
      return equal(seen, rule.values[0]);
    case Test::any_of:
      return std::ranges::any_of(rule.values, [&](const auto& wanted) { return equal(seen, wanted); });
    case Test::range:
      return in_range(seen, rule);
    case Test::contains:
      return contains(seen, rule.values[0]);
    case Test::excludes:
      return !contains(seen, rule.values[0]);
    case Test::regex:
      return regex_matches(rule.values[0].get<std::string>(), words(seen));
    default:
      return false;
  }
}

std::string seen_by(const Rule& rule, const nlohmann::json& attributes) {
  if (!rule.rules.empty()) {
    std::vector<std::string> parts;
    for (const auto& part : rule.rules) parts.push_back(part.attribute + " " + seen_by(part, attributes));
    return join(parts, "; ");
  }
  if (!attributes.is_object() || !attributes.contains(rule.attribute)) return "absent";
  return words(attributes[rule.attribute]);
}

void collect(const std::vector<Rule>& rules, std::vector<std::string>& keywords) {
  for (const auto& rule : rules) {
    if (!rule.attribute.empty()) keywords.push_back(rule.attribute);
    collect(rule.rules, keywords);
  }
}
}  // namespace

std::vector<std::string> keywords_of(const Manifest& manifest) {
  std::vector<std::string> keywords;
  collect(manifest.select, keywords);
  for (const auto& preference : manifest.prefer) keywords.push_back(preference.attribute);
  std::ranges::sort(keywords);
  const auto [first, last] = std::ranges::unique(keywords);
  keywords.erase(first, last);
  return keywords;
}

Selection select(const Manifest& manifest, const nlohmann::json& attributes) {
  Selection selection{true, {}};
  for (const auto& rule : manifest.select) {
    selection.verdicts.push_back({holds(rule, attributes), words(rule), seen_by(rule, attributes)});
    selection.eligible = selection.eligible && selection.verdicts.back().passed;
  }
  return selection;
}

}  // namespace aidp
