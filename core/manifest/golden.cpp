// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/manifest/sections.hpp"

namespace aidp {

namespace {
void read_expected(Fields& fields, GoldenCase& golden, const std::vector<std::string>& names, Mistakes& mistakes) {
  const auto expect = fields.take("expect", true);
  if (!expect.IsDefined()) return;
  if (!expect.IsMap() || expect.size() == 0) {
    mistakes.add(expect, "'expect' must map output names to values");
    return;
  }
  for (const auto& entry : expect) {
    const auto output = entry.first.Scalar();
    if (std::ranges::find(names, output) == names.end()) mistakes.add(entry.first, "the output " + not_allowed(output, names));
    const auto value = plain(entry.second);
    if (value.is_number())
      golden.expect[output] = value.get<double>();
    else
      mistakes.add(entry.second, "the value of '" + output + "' must be a number");
  }
}

GoldenCase read_golden(const YAML::Node& node, const std::vector<std::string>& names, Mistakes& mistakes) {
  Fields fields(node, "a golden case", mistakes);
  GoldenCase golden;
  golden.name = fields.text("name");
  golden.input = package_path(fields, "input", mistakes);
  golden.tolerance = fields.number("tolerance", true, 0).value_or(0);
  golden.tensor = package_path(fields, "tensor", mistakes, false);
  golden.output = package_path(fields, "output", mistakes, false);
  golden.tensor_tolerance = fields.number("tensor_tolerance", false, 0).value_or(golden.tensor_tolerance);
  read_expected(fields, golden, names, mistakes);
  fields.finish();
  return golden;
}
}  // namespace

std::vector<GoldenCase> read_golden_cases(const YAML::Node& node, const std::vector<Output>& outputs, Mistakes& mistakes) {
  std::vector<GoldenCase> cases;
  if (node.IsDefined() && !node.IsNull() && !node.IsSequence()) mistakes.add(node, "'golden' must be a list of cases");
  if (!node.IsSequence()) return cases;
  std::vector<std::string> with_value;
  for (const auto& output : outputs)
    if (output.is_number()) with_value.push_back(output.name);
  std::set<std::string> names;
  for (const auto& entry : node) {
    cases.push_back(read_golden(entry, with_value, mistakes));
    const auto& name = cases.back().name;
    if (!name.empty() && !names.insert(name).second)
      mistakes.add(entry["name"], "the case '" + name + "' occurs twice; give each case a name of its own");
  }
  return cases;
}

}  // namespace aidp
