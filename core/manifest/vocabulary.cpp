// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/vocabulary.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

using Type = Parameter::Type;
using nlohmann::json;

bool Parameter::fits(const json& value) const {
  const auto good = [&](const json& v) {
    const bool whole = type == Type::integer || type == Type::integers;
    return (whole ? v.is_number_integer() : v.is_number()) && v.get<double>() >= low && v.get<double>() <= high;
  };
  switch (type) {
    case Type::number:
    case Type::integer:
      return good(value);
    case Type::boolean:
      return value.is_boolean();
    case Type::text:
      return value.is_string() && (allowed.empty() || std::ranges::find(allowed, value.get<std::string>()) != allowed.end());
    case Type::numbers:
    case Type::integers:
      return value.is_array() && !value.empty() && std::ranges::all_of(value, good);
  }
  return false;
}

std::string Parameter::expectation() const {
  const auto range = std::isfinite(low) ? " from " + number(low) + " to " + number(high) : "";
  switch (type) {
    case Type::number:
      return "a number" + range;
    case Type::integer:
      return "a whole number" + range;
    case Type::boolean:
      return "true or false";
    case Type::text:
      return allowed.empty() ? "a text" : "one of " + join(allowed, ", ");
    case Type::numbers:
      return "a list of numbers" + range;
    case Type::integers:
      return "a list of whole numbers" + range;
  }
  return {};
}

namespace {
const json required = nullptr;
const json optional(json::value_t::discarded);

Parameter number_of(std::string name, json standard) { return {.name = std::move(name), .standard = std::move(standard)}; }
Parameter percentile(std::string name) { return {.name = std::move(name), .standard = required, .low = 0, .high = 100}; }
Parameter flag(std::string name, bool standard) { return {.name = std::move(name), .type = Type::boolean, .standard = standard}; }
// Voxels along each axis.
Parameter size_of(std::string name) {
  return {.name = std::move(name), .type = Type::integers, .standard = required, .low = 1, .high = 16384};
}
Parameter mode(std::string standard, std::vector<std::string> allowed) {
  return {.name = "mode", .type = Type::text, .standard = std::move(standard), .allowed = std::move(allowed)};
}
}  // namespace

const std::vector<TransformKind>& transform_vocabulary() {
  const Parameter axcodes{.name = "axcodes", .type = Type::text, .standard = required};
  const Parameter pixdim_mm{.name = "pixdim", .type = Type::numbers, .standard = required, .low = 0.001, .high = 1000};
  const Parameter repeats{.name = "repeats", .type = Type::integer, .standard = required, .low = 1, .high = 64};
  static const std::vector<TransformKind> vocabulary{
      {"EnsureChannelFirst", false, false, {}},
      {"Orientation", false, true, {axcodes}},
      {"Spacing", false, true, {pixdim_mm, mode("bilinear", {"bilinear", "nearest"})}},
      {"Resize", false, false, {size_of("spatial_size"), mode("area", {"area", "bilinear", "trilinear", "nearest"})}},
      {"ResizeWithPadOrCrop", false, false, {size_of("spatial_size"), number_of("value", 0)}},
      {"CenterSpatialCrop", false, false, {size_of("roi_size")}},
      {"SpatialPad", false, false, {size_of("spatial_size"), number_of("value", 0)}},
      {"ScaleIntensity", false, false, {number_of("minv", 0), number_of("maxv", 1)}},
      {"ScaleIntensityRange",
       false,
       false,
       {number_of("a_min", required), number_of("a_max", required), number_of("b_min", 0), number_of("b_max", 1), flag("clip", false)}},
      {"ScaleIntensityRangePercentiles",
       false,
       false,
       {percentile("lower"), percentile("upper"), number_of("b_min", 0), number_of("b_max", 1), flag("clip", false)}},
      {"NormalizeIntensity", false, false, {number_of("subtrahend", optional), number_of("divisor", optional), flag("nonzero", false)}},
      {"ThresholdIntensity", false, false, {number_of("threshold", required), flag("above", true), number_of("cval", 0)}},
      {"RepeatChannel", false, false, {repeats}},
      {"Activations", true, false, {flag("sigmoid", false), flag("softmax", false)}},
      {"AsDiscrete", true, false, {flag("argmax", false), number_of("threshold", optional)}}};
  return vocabulary;
}

}  // namespace aidp
