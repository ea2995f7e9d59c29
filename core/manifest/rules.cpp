// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/text.hpp"
#include "core/manifest/keywords.hpp"
#include "core/manifest/rule_regex.hpp"
#include "core/manifest/sections.hpp"

namespace aidp {

namespace {
using nlohmann::json;
using Test = Rule::Test;
using Values = std::vector<json>;

bool all_plain(const Values& values) {
  return !values.empty() && std::ranges::none_of(values, [](const json& v) { return v.is_null(); });
}

bool is_range(const Values& values) {
  const auto bound = [](const json& v) { return v.is_null() || v.is_number(); };
  if (values.size() != 2 || !std::ranges::all_of(values, bound)) return false;
  return values[0].is_null() || values[1].is_null() || values[0].get<double>() <= values[1].get<double>();
}

bool is_regex(const Values& values) { return values.at(0).is_string() && !regex_mistake(values[0].get<std::string>()); }

bool is_boolean(const Values& values) { return values.at(0).is_boolean(); }

struct TestKind {
  std::string key;
  Test test;
  bool list;
  bool (*fits)(const Values& values);
  std::string takes;
};

const std::vector<TestKind>& test_kinds() {
  static const std::vector<TestKind> kinds{
      {"equals", Test::equals, false, all_plain, "one plain value"},
      {"any_of", Test::any_of, true, all_plain, "a list of at least one plain value"},
      {"regex", Test::regex, false, is_regex,
       "a regular expression of RE2 (github.com/google/re2/wiki/Syntax), which has no back references and no look-around, of at most 256 "
       "bytes"},
      {"range", Test::range, true, is_range, "[low, high]: numbers, or null for no bound, the lower first"},
      {"contains", Test::contains, false, all_plain, "one plain value"},
      {"excludes", Test::excludes, false, all_plain, "one plain value"},
      {"present", Test::present, false, is_boolean, "true or false"}};
  return kinds;
}

// The value, or the elements of a list; null for what is not plain.
Values values_of(const YAML::Node& node, Test test) {
  if (test == Test::regex) return {node.IsScalar() ? json(node.Scalar()) : json()};  // 12 is a pattern too
  if (!node.IsSequence()) return {plain(node)};
  Values values;
  for (const auto& element : node) values.push_back(plain(element));
  return values;
}

// How many tests the rule has.
int read_leaf(Fields& fields, Rule& rule, Mistakes& mistakes) {
  rule.attribute = read_attribute(fields, mistakes);
  int given = 0;
  for (const auto& kind : test_kinds()) {
    const auto value = fields.take(kind.key, false);
    if (!value.IsDefined()) continue;
    ++given;
    rule.test = kind.test;
    rule.values = values_of(value, kind.test);
    if (value.IsSequence() == kind.list && kind.fits(rule.values)) continue;
    const auto why = kind.test == Test::regex && value.IsScalar() ? regex_mistake(value.Scalar()) : std::nullopt;
    mistakes.add(value, "'" + kind.key + "' takes " + kind.takes + (why ? "; " + *why : ""));
  }
  return given;
}

// How many of all, any and none the rule has.
int read_nested(Fields& fields, Rule& rule, Mistakes& mistakes) {
  int given = 0;
  for (const auto& [key, test] : {std::pair("all", Test::all), std::pair("any", Test::any), std::pair("none", Test::none)}) {
    const auto value = fields.take(key, false);
    if (!value.IsDefined()) continue;
    ++given;
    rule.test = test;
    rule.rules = read_rules(value, key, mistakes);
    if (value.IsSequence() && rule.rules.empty()) mistakes.add(value, std::string("'") + key + "' takes a list of at least one rule");
  }
  return given;
}

Rule read_rule(const YAML::Node& node, Mistakes& mistakes) {
  Fields fields(node, "a rule", mistakes);
  Rule rule;
  if (!node.IsMap()) return rule;
  int given = read_nested(fields, rule, mistakes);
  if (given == 0) given = read_leaf(fields, rule, mistakes);
  if (given != 1)
    mistakes.add(node,
                 "a rule takes exactly one of equals, any_of, regex, range, contains, excludes, present, "
                 "or of all, any, none");
  fields.finish();
  return rule;
}
}  // namespace

// A misspelt one would be absent from every image, and `excludes` or `none` would let all pass.
static void check_keyword(const YAML::Node& node, const std::string& keyword, Mistakes& mistakes) {
  const auto known = dicom_keywords();
  if (keyword.empty() || std::ranges::binary_search(known, keyword)) return;
  const auto near = nearest(keyword, {known.begin(), known.end()});
  mistakes.add(node, "'" + keyword + "' is not a DICOM keyword" +
                         (near ? "; did you mean '" + *near + "'?" : "; keywords are such as Modality or SliceThickness"));
}

// The nearest keyword that may be named, as a hint; empty where none is near.
static std::string hint_at(const std::string& keyword) {
  std::vector<std::string> allowed;
  for (const auto known : dicom_keywords())
    if (may_be_named(known)) allowed.emplace_back(known);
  const auto near = nearest(keyword, allowed);
  return near ? ", for example '" + *near + "'" : "";
}

std::string read_attribute(Fields& fields, Mistakes& mistakes) {
  auto attribute = fields.text("attribute");
  const auto node = fields.node()["attribute"];
  const bool known = std::ranges::binary_search(dicom_keywords(), attribute);
  check_keyword(node, attribute, mistakes);
  if (known && !may_be_named(attribute))
    mistakes.add(node, "'" + attribute +
                           "' may identify the patient or hold free text, and the values that a rule sees are recorded; allowed are "
                           "numbers, coded values such as "
                           "Modality, and texts of scanner and protocol such as SeriesDescription" +
                           hint_at(attribute));
  return attribute;
}

std::vector<Preference> read_preferences(const YAML::Node& node, Mistakes& mistakes) {
  std::vector<Preference> preferences;
  if (!node.IsDefined()) return preferences;
  if (!node.IsSequence() || node.size() == 0) mistakes.add(node, "'prefer' takes a list of {attribute, order: smallest or largest}");
  if (node.IsSequence())
    for (const auto& entry : node) {
      Fields fields(entry, "a preference", mistakes);
      if (!entry.IsMap()) continue;
      preferences.push_back({read_attribute(fields, mistakes), fields.choice("order", {"smallest", "largest"}) == "largest"});
      fields.finish();
    }
  return preferences;
}

std::vector<Rule> read_rules(const YAML::Node& node, const std::string& key, Mistakes& mistakes) {
  std::vector<Rule> rules;
  if (node.IsDefined() && !node.IsSequence()) mistakes.add(node, "'" + key + "' takes a list of rules");
  if (node.IsSequence())
    for (const auto& rule : node) rules.push_back(read_rule(rule, mistakes));
  return rules;
}

}  // namespace aidp
