// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/base/result_columns.hpp"
#include "core/manifest/outputs/kinds.hpp"
#include "core/manifest/sections.hpp"

namespace aidp {

namespace {
using Reader = OutputKind (*)(Fields&, Mistakes&);
// By the word in the manifest.
const std::vector<std::pair<std::string, Reader>> kinds{
    {"score", read_score}, {"class", read_class}, {"mask", read_mask}, {"volume", read_volume}};

bool is_taken(const std::string& name) {
  const auto among = [&](const auto& columns) { return std::ranges::find(columns, name, &ResultColumn::name) != columns.end(); };
  return among(columns_before_outputs) || among(columns_after_outputs) || std::ranges::find(names_of_items, name) != names_of_items.end();
}

Output read_output(const YAML::Node& node, Mistakes& mistakes) {
  Fields fields(node, "an output", mistakes);
  Output output;
  output.name = fields.text("name");
  check_form(node["name"], output.name, "[A-Za-z][A-Za-z0-9_]{0,62}", "name of a column: a letter, then letters, digits and _", mistakes);
  if (is_taken(output.name))
    mistakes.add(node["name"], "'" + output.name + "' is already a column of results.csv; give the output another name");
  std::vector<std::string> words;
  for (const auto& [word, reader] : kinds) words.push_back(word);
  const auto before = mistakes.count();
  const auto kind = fields.choice("kind", words);
  if (mistakes.count() > before) return output;  // which keys are allowed is not known
  output.kind = std::ranges::find(kinds, kind, [](const auto& entry) { return entry.first; })->second(fields, mistakes);
  fields.finish();
  return output;
}
}  // namespace

void read_measurement(Fields& fields, const char* unit, Measurement& measurement) {
  measurement.flag_at = fields.number("flag_at");
  measurement.unit = fields.text("unit", false);
  if (measurement.unit.empty()) measurement.unit = unit;
}

std::map<int, std::string> read_names(Fields& fields, int lowest, const char* what, Mistakes& mistakes) {
  std::map<int, std::string> names;
  const auto node = fields.take("names", true);
  if (!node.IsDefined()) return names;
  if (!node.IsMap() || node.size() == 0) {
    mistakes.add(node, std::string("'names' must map numbers to names, such as {1: ") + (lowest == 0 ? "fracture}" : "lung}"));
    return names;
  }
  for (const auto& entry : node) {
    const auto number = whole(entry.first, lowest, label_at_most);
    if (!number)
      mistakes.add(entry.first,
                   std::string("a ") + what + " is a number from " + std::to_string(lowest) + " to " + std::to_string(label_at_most));
    names[number.value_or(lowest)] = line_of_text(entry.second, std::string("the name of a ") + what, mistakes);
  }
  return names;
}

std::vector<Output> read_outputs(const YAML::Node& node, Unit unit, Mistakes& mistakes) {
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
    const auto& output = outputs.back();
    if (!output.name.empty() && !names.insert(output.name).second)
      mistakes.add(entry["name"], "the output '" + output.name + "' occurs twice; give each output a name of its own");
    if (std::holds_alternative<VolumeOutput>(output.kind) && unit != Unit::series)
      mistakes.add(entry["kind"], "a volume needs 'unit: series': one image has no thickness");
    const bool is_mask = std::holds_alternative<MaskOutput>(output.kind);
    masks += is_mask;
    if (is_mask && masks == 2) mistakes.add(entry, "a second mask; a model has at most one: give it several labels");
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& name = outputs[i].name;
    if (outputs[i].has_flag() && names.contains(name + "_flag"))
      mistakes.add(node[i]["name"], "the column '" + name + "_flag' of its flag is another output's name; rename one of them");
    if (!outputs[i].classes().empty() && names.contains(name + "_class"))
      mistakes.add(node[i]["name"], "the column '" + name + "_class' of its class is another output's name; rename one of them");
  }
  return outputs;
}

}  // namespace aidp
