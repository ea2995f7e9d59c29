// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/vocabulary.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

using Type = Parameter::Type;
using nlohmann::json;

namespace {
bool is_list(Type type) { return type == Type::numbers || type == Type::integers; }
bool is_whole(Type type) { return type == Type::integer || type == Type::integers; }
}  // namespace

bool Parameter::fits(const json& value, std::size_t axes) const {
  const auto good = [&](const json& v) {
    return (is_whole(type) ? v.is_number_integer() : v.is_number()) && v.get<double>() >= low && v.get<double>() <= high;
  };
  if (type == Type::boolean) return value.is_boolean();
  if (type == Type::text)
    return value.is_string() && (allowed.empty() || std::ranges::find(allowed, value.get<std::string>()) != allowed.end());
  if (!is_list(type) || !value.is_array()) return good(value);
  return !value.empty() && (!per_axis || value.size() == axes) && std::ranges::all_of(value, good);
}

std::string Parameter::expectation(std::size_t axes) const {
  if (type == Type::boolean) return "true or false";
  if (type == Type::text) return allowed.empty() ? "text" : "one of " + join(allowed, ", ");
  const std::string kind = is_whole(type) ? "a whole number" : "a number";
  const bool bounded = std::isfinite(low) && std::isfinite(high);
  const auto range = bounded              ? " from " + number(low) + " to " + number(high)
                     : std::isfinite(low) ? " of at least " + number(low)
                                          : std::string();
  if (per_axis) return kind + range + ", or a list of " + std::to_string(axes) + ", one for each axis";
  return kind + range + (is_list(type) ? ", or a list of them" : "");
}

namespace {
using Parameters = std::vector<Parameter>;
const json required = nullptr;
const json optional(json::value_t::discarded);

// Bounds that keep a slip of the pen from asking for more memory than there is.
constexpr double voxels_at_most = 16384;  // along an axis
constexpr double spacing_at_most = 1000;  // mm

Parameter number_of(std::string name, json standard) { return {.name = std::move(name), .standard = std::move(standard)}; }
Parameter numbers(std::string name) { return {.name = std::move(name), .type = Type::numbers, .standard = optional}; }
Parameter flag(std::string name, json standard) {
  return {.name = std::move(name), .type = Type::boolean, .standard = std::move(standard)};
}
Parameter labels(std::string name) {
  return {.name = std::move(name), .type = Type::integers, .standard = optional, .low = 0, .high = 65535};
}
Parameter text(std::string name, json standard, std::vector<std::string> allowed = {}) {
  return {.name = std::move(name), .type = Type::text, .standard = std::move(standard), .allowed = std::move(allowed)};
}
Parameter integer(std::string name, json standard, double low, double high) {
  return {.name = std::move(name), .type = Type::integer, .standard = std::move(standard), .low = low, .high = high};
}
Parameter percentile(std::string name) { return {.name = std::move(name), .standard = required, .low = 0, .high = 100}; }
Parameter per_axis(Type type, std::string name, json standard, double low, double high) {
  return {.name = std::move(name), .type = type, .standard = std::move(standard), .low = low, .high = high, .per_axis = true};
}

// Spatial axes by their numbers; which there are is a matter of the unit.
Parameter axes_of(std::string name, json standard) {
  return {.name = std::move(name), .type = Type::integers, .standard = std::move(standard)};
}

// Voxels along each axis; 0 or -1 keeps an axis as it is, as everywhere in MONAI.
Parameter size(std::string name) { return per_axis(Type::integers, std::move(name), required, -1, voxels_at_most); }

Parameters padding(Parameters first) {
  first.push_back(text("mode", "constant", {"constant", "reflect", "replicate", "circular"}));
  first.push_back(number_of("value", 0));
  return first;
}
Parameters padding_to_size() { return padding({size("spatial_size"), text("method", "symmetric", {"symmetric", "end"})}); }

std::vector<TransformKind> spatial_transforms() {
  return {{"EnsureChannelFirst", false, false, {}},
          {"Orientation", false, true, {text("axcodes", required)}},
          {"Spacing",
           false,
           true,
           {per_axis(Type::numbers, "pixdim", required, -1, spacing_at_most), text("mode", "bilinear", {"bilinear", "nearest"}),
            per_axis(Type::numbers, "min_pixdim", optional, 0, spacing_at_most),
            per_axis(Type::numbers, "max_pixdim", optional, 0, spacing_at_most), flag("diagonal", false)}},
          {"Conform",
           false,
           true,
           {per_axis(Type::integers, "spatial_size", 256, 1, voxels_at_most), per_axis(Type::numbers, "pixdim", 1, 0.001, spacing_at_most),
            text("axcodes", "LIA"), text("mode", "bilinear", {"bilinear", "nearest"})}},
          {"Resize",
           false,
           false,
           {size("spatial_size"), text("size_mode", "all", {"all", "longest"}),
            text("mode", "area", {"area", "bilinear", "trilinear", "nearest", "nearest-exact"}), flag("align_corners", false)}},
          {"ResizeWithPadOrCrop", false, false, padding_to_size()},
          {"SpatialPad", false, false, padding_to_size()},
          {"CenterSpatialCrop", false, false, {size("roi_size")}},
          {"CropForeground", false, false,
           padding({labels("channel_indices"), per_axis(Type::integers, "margin", 0, 0, voxels_at_most), flag("allow_smaller", false),
                    per_axis(Type::integers, "k_divisible", 1, -1, voxels_at_most)})},
          {"Rotate90", false, false, {integer("k", 1, -1024, 1024), axes_of("spatial_axes", {0, 1})}},
          {"Flip", false, false, {axes_of("spatial_axis", optional)}}};
}

std::vector<TransformKind> intensity_transforms() {
  return {{"ScaleIntensity", false, false, {number_of("minv", 0), number_of("maxv", 1), flag("channel_wise", false)}},
          {"ScaleIntensityRange",
           false,
           false,
           {number_of("a_min", required), number_of("a_max", required), number_of("b_min", optional), number_of("b_max", optional),
            flag("clip", false)}},
          {"ScaleIntensityRangePercentiles",
           false,
           false,
           {percentile("lower"), percentile("upper"), number_of("b_min", optional), number_of("b_max", optional), flag("clip", false),
            flag("relative", false), flag("channel_wise", false)}},
          {"NormalizeIntensity",
           false,
           false,
           {numbers("subtrahend"), numbers("divisor"), flag("nonzero", false), flag("channel_wise", false)}},
          {"ThresholdIntensity", false, false, {number_of("threshold", required), flag("above", true), number_of("cval", 0)}},
          {"RepeatChannel", false, false, {integer("repeats", required, 1, 64)}},
          {"CastToType",
           false,
           false,
           {text("dtype", "float32", {"float32", "float16", "float64", "uint8", "int8", "int16", "int32", "int64"})}}};
}

std::vector<TransformKind> after_transforms() {
  return {{"Activations", true, false, {flag("sigmoid", false), flag("softmax", false)}},
          {"Invert", true, false, {flag("nearest_interp", true)}},
          {"AsDiscrete",
           true,
           false,
           {flag("argmax", false), integer("to_onehot", optional, 1, 65536), number_of("threshold", optional),
            text("rounding", optional, {"torchrounding"})}},
          {"KeepLargestConnectedComponent",
           true,
           false,
           {labels("applied_labels"), flag("is_onehot", optional), flag("independent", true), integer("connectivity", optional, 1, 3),
            integer("num_components", 1, 1, 65536)}},
          {"RemoveSmallObjects",
           true,
           false,
           {number_of("min_size", 64), integer("connectivity", 1, 1, 3), flag("independent_channels", true), flag("by_measure", false)}},
          {"FillHoles", true, false, {labels("applied_labels"), integer("connectivity", optional, 1, 3)}}};
}
}  // namespace

const std::vector<TransformKind>& transform_vocabulary() {
  static const auto vocabulary = [] {
    auto all = spatial_transforms();
    for (auto& more : {intensity_transforms(), after_transforms()}) all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return vocabulary;
}

namespace {
Parameters windows() {
  return {size("roi_size"),
          per_axis(Type::numbers, "overlap", 0.25, 0, 1),
          text("mode", "constant", {"constant", "gaussian"}),
          integer("sw_batch_size", 1, 1, 4096),
          text("padding_mode", "constant", {"constant", "reflect", "replicate", "circular"}),
          number_of("cval", 0),
          per_axis(Type::numbers, "sigma_scale", 0.125, 0, 1000)};
}

Parameters windows_of_slices() {
  auto parameters = windows();
  parameters.push_back(integer("spatial_dim", 0, 0, 2));
  return parameters;
}
}  // namespace

const TransformKind& sliding_window_kind() {
  static const TransformKind kind{"sliding_window", false, false, windows()};
  return kind;
}

const TransformKind& slices_kind() {
  static const TransformKind kind{"slices", false, true, windows_of_slices()};
  return kind;
}

}  // namespace aidp
