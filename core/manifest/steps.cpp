// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "core/manifest/sections.hpp"
#include "core/manifest/vocabulary.hpp"

namespace aidp {

namespace {
using nlohmann::json;

bool names_three_axes(const std::string& axcodes) {
  std::set<char> axes;
  for (const char code : axcodes) axes.insert(code == 'L' ? 'R' : code == 'P' ? 'A' : code == 'I' ? 'S' : code);
  return axcodes.size() == 3 && axes == std::set<char>{'R', 'A', 'S'};
}

// What no single argument shows.
void check_combination(const Transform& transform, const YAML::Node& node, Unit unit, Mistakes& mistakes) {
  const auto& arguments = transform.arguments;
  const std::size_t dimensions = unit == Unit::series ? 3 : 2;
  for (const char* key : {"spatial_size", "roi_size", "pixdim"})
    if (arguments.contains(key) && arguments[key].size() != dimensions)
      mistakes.add(node, std::string("'") + key + "' takes " + std::to_string(dimensions) + " numbers for this unit of inference");
  if (transform.name == "Orientation" && !names_three_axes(arguments["axcodes"]))
    mistakes.add(node, "'axcodes' takes three letters, one of each pair R/L, A/P, S/I, such as RAS");
  if (transform.name == "ScaleIntensityRangePercentiles" && arguments["lower"] >= arguments["upper"])
    mistakes.add(node, "'lower' must be less than 'upper'");
  if (transform.name == "Activations" && arguments["sigmoid"] == arguments["softmax"])
    mistakes.add(node, "Activations takes exactly one of sigmoid, softmax");
  if (transform.name == "AsDiscrete" && arguments["argmax"].get<bool>() == arguments.contains("threshold"))
    mistakes.add(node, "AsDiscrete takes exactly one of argmax, threshold");
}

const TransformKind* find_kind(const std::string& name, bool after_model, const YAML::Node& node, Mistakes& mistakes) {
  std::vector<std::string> names;
  for (const auto& kind : transform_vocabulary()) {
    if (kind.after_model != after_model) continue;
    if (kind.name == name) return &kind;
    names.push_back(kind.name);
  }
  mistakes.add(node, "the transform " + not_allowed(name, names));
  return nullptr;
}

void read_argument(const Parameter& parameter, Fields& fields, Transform& transform, Mistakes& mistakes) {
  const auto value = fields.take(parameter.name, parameter.standard.is_null());
  if (!value.IsDefined()) {
    if (!parameter.standard.is_discarded() && !parameter.standard.is_null()) transform.arguments[parameter.name] = parameter.standard;
    return;
  }
  json read = value.IsSequence() ? json::array() : plain(value);
  if (value.IsSequence())
    for (const auto& element : value) read.push_back(plain(element));
  if (parameter.fits(read))
    transform.arguments[parameter.name] = read;
  else
    mistakes.add(value, "'" + parameter.name + "' of " + transform.name + " must be " + parameter.expectation());
}

Transform read_transform(const YAML::Node& node, bool after_model, Unit unit, Mistakes& mistakes) {
  const bool single = node.IsMap() && node.size() == 1;
  if (!node.IsScalar() && !single) {
    mistakes.add(node, "a step is a transform's name, or 'Name: {arguments}'");
    return {};
  }
  const auto before = mistakes.count();
  Transform transform{node.IsScalar() ? node.Scalar() : node.begin()->first.Scalar(), json::object()};
  const auto* kind = find_kind(transform.name, after_model, node, mistakes);
  if (!kind) return {};
  if (kind->volumes_only && unit != Unit::series) mistakes.add(node, transform.name + " needs a volume: 'unit: series'");
  const bool bare = node.IsScalar() || node.begin()->second.IsNull();
  Fields fields(bare ? YAML::Node(YAML::NodeType::Map) : node.begin()->second, transform.name, mistakes,
                bare ? node : node.begin()->second);
  for (const auto& parameter : kind->parameters) read_argument(parameter, fields, transform, mistakes);
  fields.finish();
  if (mistakes.count() == before) check_combination(transform, node, unit, mistakes);
  return transform;
}
}  // namespace

std::vector<Transform> read_transforms(const YAML::Node& node, bool after_model, Unit unit, Mistakes& mistakes) {
  std::vector<Transform> transforms;
  if (node.IsDefined() && !node.IsNull() && !node.IsSequence())
    mistakes.add(node, std::string("'") + (after_model ? "postprocess" : "preprocess") + "' takes a list of transforms");
  if (node.IsSequence())
    for (const auto& step : node) transforms.push_back(read_transform(step, after_model, unit, mistakes));
  return transforms;
}

}  // namespace aidp
