// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/manifest.hpp"

#include <algorithm>
#include <regex>
#include <set>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/manifest/reader.hpp"
#include "core/manifest/steps.hpp"

namespace aidp {

namespace {
using nlohmann::json;

void check_form(const YAML::Node& node, const std::string& text, const char* form, const char* what, Mistakes& mistakes) {
  if (!text.empty() && !std::regex_match(text, std::regex(form))) mistakes.add(node, "'" + text + "' is no " + what);
}

// A path inside the package: relative, without '..'.
std::string package_path(Fields& fields, const std::string& key, Mistakes& mistakes) {
  const auto text = fields.text(key);
  const std::filesystem::path path(text);
  const bool climbs = std::ranges::any_of(path, [](const auto& part) { return part == ".."; });
  if (path.is_absolute() || climbs) mistakes.add(fields.node()[key], "'" + text + "' must be a path inside the package, without '..'");
  return text;
}

std::vector<Rule> read_rules(const YAML::Node& node, Mistakes& mistakes);

Rule read_leaf(Fields& fields, Mistakes& mistakes) {
  using Test = Rule::Test;
  static const std::vector<std::pair<std::string, Test>> tests{
      {"equals", Test::equals},     {"any_of", Test::any_of},     {"regex", Test::regex},    {"range", Test::range},
      {"contains", Test::contains}, {"excludes", Test::excludes}, {"present", Test::present}};
  Rule rule;
  rule.attribute = fields.text("attribute");
  check_form(fields.node(), rule.attribute, "[A-Z][A-Za-z0-9]*", "DICOM keyword such as Modality or SliceThickness", mistakes);
  int given = 0;
  for (const auto& [key, test] : tests) {
    const auto value = fields.take(key, false);
    if (!value.IsDefined()) continue;
    ++given;
    rule.test = test;
    if (value.IsSequence())
      for (const auto& element : value) rule.values.push_back(element.IsNull() ? json() : element.IsScalar() ? scalar(element) : json());
    else
      rule.values.push_back(value.IsScalar() ? scalar(value) : json());
    if (value.IsMap()) mistakes.add(value, "'" + key + "' takes a plain value");
    if (value.IsSequence() != (test == Test::any_of || test == Test::range))
      mistakes.add(value, "'" + key + "' takes " + (value.IsSequence() ? "one value" : "a list"));
    else if (test == Test::range &&
             (rule.values.size() != 2 || std::ranges::any_of(rule.values, [](const json& v) { return !v.is_null() && !v.is_number(); })))
      mistakes.add(value, "'range' takes [low, high], numbers or null");
    else if (test == Test::present && !rule.values[0].is_boolean())
      mistakes.add(value, "'present' takes true or false");
    if (test != Test::regex) continue;
    if (rule.values[0].is_number()) rule.values[0] = value.Scalar();
    try {
      std::regex(rule.values[0].is_string() ? rule.values[0].get<std::string>() : "(", std::regex::ECMAScript);
    } catch (const std::regex_error&) {
      mistakes.add(value, "'" + value.Scalar() + "' is no regular expression (ECMAScript)");
    }
  }
  if (given != 1) mistakes.add(fields.node(), "a rule takes exactly one of equals, any_of, regex, range, contains, excludes, present");
  return rule;
}

Rule read_rule(const YAML::Node& node, Mistakes& mistakes) {
  using Test = Rule::Test;
  Fields fields(node, "a rule", mistakes);
  Rule rule;
  for (const auto& [key, test] : {std::pair("all", Test::all), std::pair("any", Test::any), std::pair("none", Test::none)}) {
    if (!node.IsMap() || !node[key].IsDefined()) continue;
    rule.test = test;
    rule.rules = read_rules(fields.take(key, true), mistakes);
    if (rule.rules.empty()) mistakes.add(node, std::string("'") + key + "' takes a list of rules");
    fields.finish();
    return rule;
  }
  if (node.IsMap()) rule = read_leaf(fields, mistakes);
  fields.finish();
  return rule;
}

std::vector<Rule> read_rules(const YAML::Node& node, Mistakes& mistakes) {
  std::vector<Rule> rules;
  if (node.IsDefined() && !node.IsSequence()) mistakes.add(node, "a selection is a list of rules");
  if (node.IsSequence())
    for (const auto& rule : node) rules.push_back(read_rule(rule, mistakes));
  return rules;
}

Output read_output(const YAML::Node& node, Mistakes& mistakes) {
  Fields fields(node, "an output", mistakes);
  Output output;
  output.name = fields.text("name");
  check_form(node, output.name, "[A-Za-z][A-Za-z0-9_]*", "name of a column: a letter, then letters, digits and _", mistakes);
  const auto kind = fields.choice("kind", {"score", "mask", "volume"});
  output.kind = kind == "score" ? OutputKind::score : kind == "mask" ? OutputKind::mask : OutputKind::volume;
  if (output.kind == OutputKind::score) output.index = fields.integer("index", 0, 1 << 20).value_or(0);
  if (output.kind != OutputKind::mask) output.flag_at = fields.number("flag_at");
  if (output.kind != OutputKind::mask) output.unit = fields.text("unit", false);
  if (output.unit.empty() && output.kind != OutputKind::mask) output.unit = output.kind == OutputKind::volume ? "ml" : "1";
  if (output.kind == OutputKind::volume) {
    const auto labels = fields.take("labels", true);
    for (const auto& label : labels.IsSequence() ? labels : YAML::Node(YAML::NodeType::Sequence))
      output.labels.push_back(label.IsScalar() && scalar(label).is_number_integer() ? scalar(label).get<int>() : -1);
    if (labels.IsDefined() && (output.labels.empty() || std::ranges::any_of(output.labels, [](int l) { return l < 1 || l > 255; })))
      mistakes.add(labels, "'labels' takes a list of label numbers from 1 to 255");
  }
  if (output.kind == OutputKind::mask) {
    const auto names = fields.take("names", true);
    if (names.IsDefined() && !names.IsMap()) mistakes.add(names, "'names' takes label numbers with their names, such as {1: lung}");
    for (const auto& entry : names.IsMap() ? names : YAML::Node(YAML::NodeType::Map)) {
      const auto label = scalar(entry.first);
      if (label.is_number_integer() && label.get<int>() >= 1 && label.get<int>() <= 255 && entry.second.IsScalar())
        output.names[label.get<int>()] = entry.second.Scalar();
      else
        mistakes.add(entry.first, "a label is a number from 1 to 255 with a name");
    }
  }
  fields.finish();
  return output;
}

std::vector<Output> read_outputs(const YAML::Node& node, Mistakes& mistakes) {
  std::vector<Output> outputs;
  if (!node.IsDefined()) return outputs;
  if (!node.IsSequence() || node.size() == 0) {
    mistakes.add(node, "'outputs' takes a list of at least one output");
    return outputs;
  }
  std::set<std::string> names;
  int masks = 0;
  for (const auto& entry : node) {
    outputs.push_back(read_output(entry, mistakes));
    if (!names.insert(outputs.back().name).second) mistakes.add(entry, "the output '" + outputs.back().name + "' is there twice");
    masks += outputs.back().kind == OutputKind::mask;
  }
  if (masks > 1) mistakes.add(node, "one mask at most: give it several labels");
  return outputs;
}

GoldenCase read_golden(const YAML::Node& node, const std::vector<Output>& outputs, Mistakes& mistakes) {
  Fields fields(node, "a golden case", mistakes);
  GoldenCase golden;
  golden.name = fields.text("name");
  golden.input = package_path(fields, "input", mistakes);
  golden.tolerance = fields.number("tolerance", true).value_or(0);
  if (golden.tolerance < 0) mistakes.add(node, "'tolerance' must not be negative");
  std::vector<std::string> names;
  for (const auto& output : outputs)
    if (output.kind != OutputKind::mask) names.push_back(output.name);
  const auto expect = fields.take("expect", true);
  if (expect.IsDefined() && (!expect.IsMap() || expect.size() == 0)) mistakes.add(expect, "'expect' takes output names with their values");
  for (const auto& entry : expect.IsMap() ? expect : YAML::Node(YAML::NodeType::Map)) {
    const auto output = entry.first.Scalar();
    if (std::ranges::find(names, output) == names.end()) mistakes.add(entry.first, "the output " + not_allowed(output, names));
    const auto value = entry.second.IsScalar() ? scalar(entry.second) : json();
    if (value.is_number())
      golden.expect[output] = value.get<double>();
    else
      mistakes.add(entry.second, "the value of '" + output + "' must be a number");
  }
  fields.finish();
  return golden;
}

void read_identity(Fields& fields, Manifest& manifest, Mistakes& mistakes) {
  manifest.schema = fields.choice("schema", {"aidp.model/1"});
  manifest.name = fields.text("name");
  check_form(fields.node()["name"], manifest.name, "[a-z0-9][a-z0-9-]{0,62}", "model name: small letters, digits and '-'", mistakes);
  manifest.version = fields.text("version");
  check_form(fields.node()["version"], manifest.version, "[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?", "version such as 1.0.0 (semver)",
             mistakes);
  manifest.title = fields.text("title");
  manifest.vendor = fields.text("vendor");
  manifest.contact = fields.text("contact");
  manifest.licence = fields.text("licence");
  manifest.intended_use = fields.text("intended_use");
  manifest.not_for = fields.text("not_for", false);
  manifest.regulatory_status =
      fields.choice("regulatory_status", {"research-use-only", "investigational", "ce-marked", "ukca-marked", "fda-cleared"});
}

void read_artifact(Fields& fields, Manifest& manifest, Mistakes& mistakes) {
  const auto node = fields.take("artifact", true);
  if (!node.IsDefined()) return;
  Fields artifact(node, "artifact", mistakes);
  manifest.artifact_kind =
      artifact.choice("kind", {"torchscript", "aotinductor"}) == "torchscript" ? ArtifactKind::torchscript : ArtifactKind::aotinductor;
  manifest.artifact_file = package_path(artifact, "file", mistakes);
  artifact.finish();
}

void read_input(Fields& fields, Manifest& manifest, Mistakes& mistakes) {
  const auto node = fields.take("input", true);
  if (!node.IsDefined()) return;
  Fields input(node, "input", mistakes);
  manifest.unit = input.choice("unit", {"instance", "series"}) == "series" ? Unit::series : Unit::instance;
  manifest.channels = input.integer("channels", 1, 3).value_or(1);
  if (manifest.channels == 2) mistakes.add(node["channels"], "'channels' must be 1 or 3");
  manifest.select = read_rules(input.take("select", true), mistakes);
  input.finish();
}
}  // namespace

Manifest parse_manifest(const std::string& yaml, const std::string& file_name) {
  Mistakes mistakes;
  mistakes.add(strict_yaml_mistakes(yaml));
  const auto fail = [&] {
    throw Error(Reason::manifest_invalid, mistakes.text(file_name), "correct the manifest; man 5 aidp-manifest describes every key");
  };
  if (!mistakes.empty()) fail();
  Manifest manifest;
  const auto root = YAML::Load(yaml);
  Fields fields(root, "the manifest", mistakes);
  if (!root.IsMap()) fail();
  read_identity(fields, manifest, mistakes);
  read_artifact(fields, manifest, mistakes);
  read_input(fields, manifest, mistakes);
  manifest.preprocess = read_transforms(fields.take("preprocess", false), false, manifest.unit, mistakes);
  manifest.inferer = read_inferer(fields.take("inferer", false), manifest.unit, mistakes);
  manifest.postprocess = read_transforms(fields.take("postprocess", false), true, manifest.unit, mistakes);
  manifest.outputs = read_outputs(fields.take("outputs", true), mistakes);
  manifest.batch_max = fields.integer("batch_max", 1, 4096).value_or(32);
  manifest.timeout_s = fields.integer("timeout_s", 1, 86400).value_or(300);
  manifest.tolerance = fields.number("tolerance").value_or(1e-3);
  const auto golden = fields.take("golden", false);
  if (golden.IsDefined() && !golden.IsNull() && !golden.IsSequence()) mistakes.add(golden, "'golden' takes a list of cases");
  if (golden.IsSequence())
    for (const auto& entry : golden) manifest.golden.push_back(read_golden(entry, manifest.outputs, mistakes));
  fields.finish();
  if (!mistakes.empty()) fail();
  return manifest;
}

Manifest load_manifest(const std::filesystem::path& file) { return parse_manifest(read_file(file, 2 << 20), file.string()); }

}  // namespace aidp
