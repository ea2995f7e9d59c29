// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/base/result_columns.hpp"
#include "core/manifest/sections.hpp"

namespace aidp {

namespace {
constexpr int label_at_most = 255;  // masks are bytes

void read_labels(Fields& fields, Output& output, Mistakes& mistakes) {
  const auto labels = fields.take("labels", true);
  bool sound = labels.IsSequence() && labels.size() > 0;
  if (labels.IsSequence())
    for (const auto& entry : labels) {
      const auto label = whole(entry, 1, label_at_most);
      sound = sound && label;
      output.labels.push_back(label.value_or(0));
    }
  if (labels.IsDefined() && !sound) mistakes.add(labels, "'labels' takes a list of label numbers from 1 to 255");
}

void read_names(Fields& fields, Output& output, Mistakes& mistakes) {
  const auto names = fields.take("names", true);
  if (!names.IsDefined()) return;
  if (!names.IsMap() || names.size() == 0) {
    mistakes.add(names, "'names' must map label numbers to names, such as {1: lung}");
    return;
  }
  for (const auto& entry : names) {
    const auto label = whole(entry.first, 1, label_at_most);
    if (!label) mistakes.add(entry.first, "a label is a number from 1 to 255");
    output.names[label.value_or(0)] = line_of_text(entry.second, "the name of a label", mistakes);
  }
}

bool is_taken(const std::string& name) {
  const auto among = [&](const auto& columns) { return std::ranges::find(columns, name, &ResultColumn::name) != columns.end(); };
  return among(columns_before_outputs) || among(columns_after_outputs) || std::ranges::find(names_of_items, name) != names_of_items.end();
}

void read_value(Fields& fields, Output& output) {
  output.flag_at = fields.number("flag_at");
  output.unit = fields.text("unit", false);
  if (output.unit.empty()) output.unit = output.kind == OutputKind::volume ? "ml" : "1";
}

Output read_output(const YAML::Node& node, Mistakes& mistakes) {
  Fields fields(node, "an output", mistakes);
  Output output;
  output.name = fields.text("name");
  check_form(node["name"], output.name, "[A-Za-z][A-Za-z0-9_]{0,62}", "name of a column: a letter, then letters, digits and _", mistakes);
  if (is_taken(output.name))
    mistakes.add(node["name"], "'" + output.name + "' is already a column of results.csv; give the output another name");
  const auto before = mistakes.count();
  const auto kind = fields.choice("kind", {"score", "mask", "volume"});
  if (mistakes.count() > before) return output;  // which keys are allowed is not known
  output.kind = kind == "score" ? OutputKind::score : kind == "mask" ? OutputKind::mask : OutputKind::volume;
  if (output.kind == OutputKind::score) output.index = fields.integer("index", 0, 1 << 20).value_or(0);
  if (output.kind == OutputKind::volume) read_labels(fields, output, mistakes);
  if (output.kind == OutputKind::mask)
    read_names(fields, output, mistakes);
  else
    read_value(fields, output);
  fields.finish();
  return output;
}
}  // namespace

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
    if (output.kind == OutputKind::volume && unit != Unit::series)
      mistakes.add(entry["kind"], "a volume needs 'unit: series': one image has no thickness");
    masks += output.kind == OutputKind::mask;
    if (output.kind == OutputKind::mask && masks == 2)
      mistakes.add(entry, "a second mask; a model has at most one: give it several labels");
  }
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].flag_at && names.contains(outputs[i].name + "_flag"))
      mistakes.add(node[i]["name"], "the column '" + outputs[i].name + "_flag' of its flag is another output's name; rename one of them");
  return outputs;
}

}  // namespace aidp
