// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/vocabulary.hpp"

namespace aidp {

const std::vector<TransformKind>& transform_vocabulary() {
  using Type = Parameter::Type;
  using nlohmann::json;
  const json required = nullptr;
  const json optional(json::value_t::discarded);
  const Parameter spatial_size{"spatial_size", Type::integers, required, {}, true};
  const Parameter clip{"clip", Type::boolean, false, {}, false};
  const auto number = [](std::string name, json standard) {
    return Parameter{std::move(name), Type::number, std::move(standard), {}, false};
  };
  static const std::vector<TransformKind> vocabulary{
      {"EnsureChannelFirst", false, false, {}},
      {"Orientation", false, true, {{"axcodes", Type::text, required, {}, false}}},
      {"Spacing",
       false,
       true,
       {{"pixdim", Type::numbers, required, {}, true}, {"mode", Type::text, "bilinear", {"bilinear", "nearest"}, false}}},
      {"Resize", false, false, {spatial_size, {"mode", Type::text, "area", {"area", "bilinear", "trilinear", "nearest"}, false}}},
      {"ResizeWithPadOrCrop", false, false, {spatial_size, number("value", 0)}},
      {"CenterSpatialCrop", false, false, {{"roi_size", Type::integers, required, {}, true}}},
      {"SpatialPad", false, false, {spatial_size, number("value", 0)}},
      {"ScaleIntensity", false, false, {number("minv", 0), number("maxv", 1)}},
      {"ScaleIntensityRange",
       false,
       false,
       {number("a_min", required), number("a_max", required), number("b_min", 0), number("b_max", 1), clip}},
      {"ScaleIntensityRangePercentiles",
       false,
       false,
       {number("lower", required), number("upper", required), number("b_min", 0), number("b_max", 1), clip}},
      {"NormalizeIntensity",
       false,
       false,
       {number("subtrahend", optional), number("divisor", optional), {"nonzero", Type::boolean, false, {}, false}}},
      {"ThresholdIntensity", false, false, {number("threshold", required), {"above", Type::boolean, true, {}, false}, number("cval", 0)}},
      {"RepeatChannel", false, false, {{"repeats", Type::number, required, {}, true}}},
      {"Activations", true, false, {{"sigmoid", Type::boolean, false, {}, false}, {"softmax", Type::boolean, false, {}, false}}},
      {"AsDiscrete", true, false, {{"argmax", Type::boolean, false, {}, false}, number("threshold", optional)}}};
  return vocabulary;
}

}  // namespace aidp
