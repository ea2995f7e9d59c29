// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/vocabulary.hpp"

namespace aidp {

namespace {
using Type = Parameter::Type;
using nlohmann::json;
using Parameters = std::vector<Parameter>;
const json required = nullptr;
const json optional(json::value_t::discarded);

Parameter number(std::string name, json standard) { return {std::move(name), Type::number, std::move(standard)}; }
Parameter numbers(std::string name, json standard) { return {std::move(name), Type::numbers, std::move(standard)}; }
Parameter flag(std::string name, json standard) { return {std::move(name), Type::boolean, std::move(standard)}; }
Parameter labels(std::string name) { return {std::move(name), Type::integers, optional, {}, 0}; }
Parameter choice(std::string name, json standard, std::vector<std::string> allowed) {
  return {std::move(name), Type::text, std::move(standard), std::move(allowed)};
}
Parameter integer(std::string name, json standard, std::optional<double> least = {}) {
  return {std::move(name), Type::integer, std::move(standard), {}, least};
}
Parameter percent(std::string name) { return {std::move(name), Type::number, required, {}, 0, 100}; }
Parameter per_axis(Type type, std::string name, json standard, std::optional<double> least = {}) {
  return {std::move(name), type, std::move(standard), {}, least, {}, true};
}

// A size with 0 or less for an axis keeps that axis as it is, as everywhere in MONAI.
Parameter size(std::string name, json standard = required) { return per_axis(Type::integers, std::move(name), std::move(standard)); }

Parameters padding(Parameters first) {
  first.push_back(choice("mode", "constant", {"constant", "reflect", "replicate", "circular"}));
  first.push_back(number("value", 0));
  return first;
}
Parameters padding_to_size() { return padding({size("spatial_size"), choice("method", "symmetric", {"symmetric", "end"})}); }

std::vector<TransformKind> spatial_transforms() {
  return {{"EnsureChannelFirst", false, false, {}},
          {"Orientation", false, true, {{"axcodes", Type::text, required}}},
          {"Spacing",
           false,
           true,
           {per_axis(Type::numbers, "pixdim", required), choice("mode", "bilinear", {"bilinear", "nearest"}),
            per_axis(Type::numbers, "min_pixdim", optional), per_axis(Type::numbers, "max_pixdim", optional)}},
          {"Resize",
           false,
           false,
           {size("spatial_size"), choice("size_mode", "all", {"all", "longest"}),
            choice("mode", "area", {"area", "bilinear", "trilinear", "nearest", "nearest-exact"}), flag("align_corners", false)}},
          {"ResizeWithPadOrCrop", false, false, padding_to_size()},
          {"SpatialPad", false, false, padding_to_size()},
          {"CenterSpatialCrop", false, false, {size("roi_size")}},
          {"CropForeground", false, false,
           padding({labels("channel_indices"), per_axis(Type::integers, "margin", 0, 0), flag("allow_smaller", false),
                    per_axis(Type::integers, "k_divisible", 1)})},
          {"Rotate90", false, false, {integer("k", 1), {"spatial_axes", Type::integers, {0, 1}}}},
          {"Flip", false, false, {{"spatial_axis", Type::integers, optional}}}};
}

std::vector<TransformKind> intensity_transforms() {
  return {
      {"ScaleIntensity", false, false, {number("minv", 0), number("maxv", 1), flag("channel_wise", false)}},
      {"ScaleIntensityRange",
       false,
       false,
       {number("a_min", required), number("a_max", required), number("b_min", optional), number("b_max", optional), flag("clip", false)}},
      {"ScaleIntensityRangePercentiles",
       false,
       false,
       {percent("lower"), percent("upper"), number("b_min", optional), number("b_max", optional), flag("clip", false),
        flag("relative", false), flag("channel_wise", false)}},
      {"NormalizeIntensity",
       false,
       false,
       {numbers("subtrahend", optional), numbers("divisor", optional), flag("nonzero", false), flag("channel_wise", false)}},
      {"ThresholdIntensity", false, false, {number("threshold", required), flag("above", true), number("cval", 0)}},
      {"RepeatChannel", false, false, {integer("repeats", required, 1)}},
      {"CastToType",
       false,
       false,
       {choice("dtype", "float32", {"float32", "float16", "float64", "uint8", "int8", "int16", "int32", "int64"})}}};
}

std::vector<TransformKind> after_transforms() {
  return {{"Activations", true, false, {flag("sigmoid", false), flag("softmax", false)}},
          {"AsDiscrete",
           true,
           false,
           {flag("argmax", false), integer("to_onehot", optional, 1), number("threshold", optional),
            choice("rounding", optional, {"torchrounding"})}},
          {"KeepLargestConnectedComponent",
           true,
           false,
           {labels("applied_labels"), flag("is_onehot", optional), flag("independent", true), integer("connectivity", optional, 1),
            integer("num_components", 1, 1)}},
          {"RemoveSmallObjects",
           true,
           false,
           {number("min_size", 64), integer("connectivity", 1, 1), flag("independent_channels", true), flag("by_measure", false)}},
          {"FillHoles", true, false, {labels("applied_labels"), integer("connectivity", optional, 1)}}};
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

const TransformKind& sliding_window_kind() {
  static const TransformKind kind{
      "sliding_window",
      false,
      false,
      {size("roi_size"), per_axis(Type::numbers, "overlap", 0.25, 0), choice("mode", "constant", {"constant", "gaussian"}),
       integer("sw_batch_size", 1, 1), choice("padding_mode", "constant", {"constant", "reflect", "replicate", "circular"}),
       number("cval", 0), per_axis(Type::numbers, "sigma_scale", 0.125, 0)}};
  return kind;
}

}  // namespace aidp
