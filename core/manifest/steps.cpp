// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/manifest/sections.hpp"
#include "core/manifest/vocabulary.hpp"

namespace aidp {

namespace {
using nlohmann::json;

std::size_t dimensions(Unit unit) { return unit == Unit::series ? 3 : 2; }

void check_orientation(const json& arguments, const YAML::Node& node, Mistakes& mistakes) {
  const auto codes = arguments["axcodes"].get<std::string>();
  std::set<char> axes;
  for (const char code : codes) axes.insert(code == 'L' ? 'R' : code == 'P' ? 'A' : code == 'I' ? 'S' : code);
  if (codes.size() != 3 || axes != std::set<char>{'R', 'A', 'S'})
    mistakes.add(node, "'axcodes' takes three letters, one of each pair R/L, A/P, S/I, such as RAS");
}

// Spatial axes that a transform names, counted from 0, or from -1 backwards; `pair` wants two different ones.
void check_axes(const json& axes, bool pair, std::size_t count, const YAML::Node& node, Mistakes& mistakes) {
  const auto size = static_cast<std::int64_t>(count);
  std::set<std::int64_t> different;
  for (const auto& axis : axes.is_array() ? axes : json::array({axes})) different.insert((axis.get<std::int64_t>() + size) % size);
  const bool inside =
      std::ranges::all_of(axes.is_array() ? axes : json::array({axes}), [&](const json& axis) { return axis >= -size && axis < size; });
  if (!inside || (pair && (axes.size() != 2 || different.size() != 2)))
    mistakes.add(node, (pair ? "'spatial_axes' takes two different axes" : "'spatial_axis' takes axes") + std::string(" from ") +
                           std::to_string(-size) + " to " + std::to_string(size - 1));
}

// What no single argument shows.
void check_combination(const Transform& transform, const YAML::Node& node, Unit unit, Mistakes& mistakes) {
  const auto& arguments = transform.arguments;
  const auto given = [&](const char* key) { return arguments.contains(key); };
  if (transform.name == "Activations" && arguments["sigmoid"] == arguments["softmax"])
    mistakes.add(node, "Activations takes exactly one of sigmoid, softmax");
  if (transform.name == "AsDiscrete" && !arguments["argmax"].get<bool>() && !given("to_onehot") && !given("threshold") &&
      !given("rounding"))
    mistakes.add(node, "AsDiscrete takes at least one of argmax, to_onehot, threshold, rounding");
  if (transform.name == "Resize" && arguments["size_mode"] == "longest") {
    const auto& size = arguments["spatial_size"];
    if (size[0] < 1 || std::ranges::any_of(size, [&](const json& other) { return other != size[0]; }))
      mistakes.add(node, "'spatial_size' of Resize with size_mode longest takes one number of at least 1, for the longest axis");
  }
  if (transform.name == "Resize" && arguments["align_corners"].get<bool>() &&
      (arguments["mode"] != "bilinear" && arguments["mode"] != "trilinear"))
    mistakes.add(node, "'align_corners' of Resize needs mode bilinear or trilinear");
  if (arguments.value("clip", false) && !given("b_min") && !given("b_max")) mistakes.add(node, "'clip' needs 'b_min' or 'b_max'");
  if (transform.name == "ScaleIntensityRangePercentiles") {
    if (arguments["lower"] >= arguments["upper"]) mistakes.add(node, "'lower' must be less than 'upper'");
    if (arguments["relative"].get<bool>() && (!given("b_min") || !given("b_max")))
      mistakes.add(node, "'relative' needs 'b_min' and 'b_max'");
  }
  if (transform.name == "NormalizeIntensity")
    for (const char* key : {"subtrahend", "divisor"})
      if (given(key) && arguments[key].is_array() != arguments["channel_wise"].get<bool>())
        mistakes.add(node,
                     std::string("'") + key + "' takes a list with a number for each channel if channel_wise is true, else one number");
  if (transform.name == "Rotate90") check_axes(arguments["spatial_axes"], true, dimensions(unit), node, mistakes);
  if (transform.name == "Flip" && given("spatial_axis")) check_axes(arguments["spatial_axis"], false, dimensions(unit), node, mistakes);
  if (given("axcodes")) check_orientation(arguments, node, mistakes);
  if (transform.name == "Spacing" && std::ranges::any_of(arguments["pixdim"], [](const json& mm) { return mm > 0 && mm < 0.001; }))
    mistakes.add(node, "'pixdim' takes mm of at least 0.001, or 0 or -1 to keep an axis");
}

const TransformKind* find_kind(const std::string& name, bool after_model, const YAML::Node& node, Mistakes& mistakes) {
  std::vector<std::string> names;
  for (const auto& candidate : transform_vocabulary()) {
    if (candidate.after_model != after_model) continue;
    names.push_back(candidate.name);
    if (candidate.name == name) return &candidate;
  }
  mistakes.add(node, "the transform " + not_allowed(name, names));
  return nullptr;
}

// The value of an argument with its default; discarded where there is none.
json read_argument(const Parameter& parameter, const YAML::Node& value, const std::string& transform, std::size_t axes,
                   Mistakes& mistakes) {
  json read = parameter.standard;
  if (value.IsDefined() && !(value.IsNull() && parameter.standard.is_discarded())) {
    read = value.IsSequence() ? json::array() : plain(value);
    if (value.IsSequence())
      for (const auto& element : value) read.push_back(plain(element));
    if (!parameter.fits(read, axes)) {
      mistakes.add(value, "'" + parameter.name + "' of " + transform + " must be " + parameter.expectation(axes));
      return json(json::value_t::discarded);
    }
  }
  return parameter.per_axis && read.is_number() ? json(std::vector<json>(axes, read)) : read;
}

Transform read_arguments(const TransformKind& kind, Fields& fields, Unit unit, Mistakes& mistakes) {
  Transform transform{kind.name, json::object()};
  for (const auto& parameter : kind.parameters) {
    auto value = read_argument(parameter, fields.take(parameter.name, parameter.standard.is_null()), kind.name, dimensions(unit), mistakes);
    if (!value.is_discarded() && !value.is_null()) transform.arguments[parameter.name] = std::move(value);
  }
  fields.finish();
  return transform;
}

Transform read_transform(const YAML::Node& node, bool after_model, Unit unit, Mistakes& mistakes) {
  const bool single = node.IsMap() && node.size() == 1;
  if (!node.IsScalar() && !single) {
    mistakes.add(node, "a step is a transform's name, or 'Name: {arguments}'");
    return {};
  }
  const auto before = mistakes.count();
  const auto name = node.IsScalar() ? node.Scalar() : node.begin()->first.Scalar();
  const auto* kind = find_kind(name, after_model, node, mistakes);
  if (!kind) return {};
  if (kind->volumes_only && unit != Unit::series) mistakes.add(node, name + " needs a volume: 'unit: series'");
  const bool bare = node.IsScalar() || node.begin()->second.IsNull();
  Fields fields(bare ? YAML::Node(YAML::NodeType::Map) : node.begin()->second, name, mistakes, bare ? node : node.begin()->second);
  auto transform = read_arguments(*kind, fields, unit, mistakes);
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

namespace {
// Windows of a slice as windows of the volume that are one voxel thick.
void thicken(json& arguments) {
  const auto at = arguments["spatial_dim"].get<std::ptrdiff_t>();
  for (const auto& [key, along] : {std::pair{"roi_size", json(1)}, {"overlap", json(0)}, {"sigma_scale", json(1)}})
    arguments[key].insert(arguments[key].begin() + at, along);
}
}  // namespace

std::optional<Transform> read_inferer(const YAML::Node& node, Unit unit, Mistakes& mistakes) {
  if (!node.IsDefined() || node.IsNull()) return std::nullopt;
  Fields fields(node, "inferer", mistakes);
  const auto before = mistakes.count();
  const auto kind = fields.choice("kind", {"sliding_window", "slices", "simple"});
  if (kind == "simple") {
    fields.finish();
    return std::nullopt;
  }
  const bool slices = kind == "slices";
  if (slices && unit != Unit::series) mistakes.add(node, "the inferer 'slices' needs a volume: 'unit: series'");
  auto inferer = slices ? read_arguments(slices_kind(), fields, Unit::instance, mistakes)
                        : read_arguments(sliding_window_kind(), fields, unit, mistakes);
  if (inferer.arguments.contains("overlap") &&
      std::ranges::any_of(inferer.arguments["overlap"], [](const json& part) { return part >= 1; }))
    mistakes.add(node, "'overlap' is the part of a window that the next one covers: from 0 to below 1");
  if (slices && mistakes.count() == before) thicken(inferer.arguments);
  return inferer;
}

}  // namespace aidp
