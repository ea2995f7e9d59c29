// SPDX-License-Identifier: Apache-2.0
// Values and channels, as monai/transforms/intensity/array.py and utility/array.py.
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
std::optional<double> number(const Arguments& arguments, const char* key) {
  return arguments.contains(key) ? std::optional(arguments[key].get<double>()) : std::nullopt;
}

// Gives `change` the whole tensor, or each of its channels, to work on in place; as float32, as MONAI's intensity transforms do.
template <class Change>
void in_place(Sample& sample, const Arguments& arguments, const Change& change) {
  sample.data = sample.data.to(at::kFloat);
  if (!arguments.value("channel_wise", false)) return change(sample.data, 0);
  for (std::int64_t channel = 0; channel < sample.data.size(0); ++channel) {
    auto view = sample.data.select(0, channel);
    change(view, static_cast<std::size_t>(channel));
  }
}

struct Range {
  std::optional<double> low, high;
};

void scale_range(at::Tensor& data, double a_min, double a_max, const Range& b, bool clip) {
  data.sub_(a_min);
  if (a_max == a_min) {
    data.add_(b.low.value_or(0));
    return;
  }
  data.div_(a_max - a_min);
  if (b.low && b.high) data.mul_(*b.high - *b.low).add_(*b.low);
  if (clip && b.low) data.clamp_min_(*b.low);
  if (clip && b.high) data.clamp_max_(*b.high);
}

// numpy's percentile with linear interpolation; torch.quantile stops at 16 million values.
double percentile(const at::Tensor& data, double percent) {
  const auto flat = data.to(at::kCPU).contiguous().clone();
  auto* first = flat.data_ptr<float>();
  const auto count = flat.numel();
  const double rank = percent / 100 * static_cast<double>(count - 1);
  const auto low = static_cast<std::int64_t>(std::floor(rank));
  std::nth_element(first, first + low, first + count);
  const double at_low = first[low];
  const double next = low + 1 < count ? *std::min_element(first + low + 1, first + count) : at_low;
  return at_low + (rank - static_cast<double>(low)) * (next - at_low);
}

void scale_percentiles(Sample& sample, const Arguments& arguments) {
  const double lower = arguments.at("lower"), upper = arguments.at("upper");
  Range b{number(arguments, "b_min"), number(arguments, "b_max")};
  if (arguments.value("relative", false)) {
    const double width = *b.high - *b.low;
    b = {width * lower / 100 + *b.low, width * upper / 100 + *b.low};
  }
  in_place(sample, arguments, [&](at::Tensor& data, std::size_t) {
    scale_range(data, percentile(data, lower), percentile(data, upper), b, arguments.value("clip", false));
  });
}

void scale_intensity(Sample& sample, const Arguments& arguments) {
  const double minv = arguments.value("minv", 0.0), maxv = arguments.value("maxv", 1.0);
  in_place(sample, arguments, [&](at::Tensor& data, std::size_t) {
    const auto low = data.min().item<double>(), high = data.max().item<double>();
    if (low == high)
      data.mul_(minv);
    else
      data.sub_(low).div_(high - low).mul_(maxv - minv).add_(minv);
  });
}

void normalize(Sample& sample, const Arguments& arguments) {
  const auto given = [&](const char* key, std::size_t channel) -> std::optional<double> {
    if (!arguments.contains(key)) return std::nullopt;
    const auto& value = arguments[key];
    if (!value.is_array()) return value.get<double>();
    if (value.size() != static_cast<std::size_t>(sample.data.size(0)))
      throw Error(Reason::pixels_unsupported, std::string("'") + key + "' of NormalizeIntensity has " + std::to_string(value.size()) +
                                                  " numbers; the image has " + std::to_string(sample.data.size(0)) + " channels");
    return value[channel].get<double>();
  };
  in_place(sample, arguments, [&](at::Tensor& data, std::size_t channel) {
    const auto chosen = arguments.value("nonzero", false) ? data != 0 : at::Tensor();
    const auto values = chosen.defined() ? data.masked_select(chosen) : data;
    if (values.numel() == 0) return;
    const auto subtrahend = given("subtrahend", channel), divisor = given("divisor", channel);
    const double mean = subtrahend ? *subtrahend : values.mean().item<double>();
    const double deviation = divisor ? *divisor : values.std(false).item<double>();
    const auto scaled = (data - mean) / (deviation == 0 ? 1 : deviation);
    data.copy_(chosen.defined() ? at::where(chosen, scaled, data) : scaled);
  });
}

void threshold(Sample& sample, const Arguments& arguments) {
  const double bound = arguments.at("threshold");
  const auto keep = arguments.value("above", true) ? sample.data > bound : sample.data < bound;
  sample.data = at::where(keep, sample.data, at::full_like(sample.data, arguments.value("cval", 0.0)));
}

void cast(Sample& sample, const Arguments& arguments) {
  static const std::map<std::string, at::ScalarType> types{{"float32", at::kFloat}, {"float16", at::kHalf}, {"float64", at::kDouble},
                                                           {"uint8", at::kByte},    {"int8", at::kChar},    {"int16", at::kShort},
                                                           {"int32", at::kInt},     {"int64", at::kLong}};
  sample.data = sample.data.to(types.at(arguments.value("dtype", "float32")));
}
}  // namespace

const Transforms& intensity_transforms() {
  static const Transforms transforms{
      {"ScaleIntensity", scale_intensity},
      {"ScaleIntensityRange",
       [](Sample& sample, const Arguments& a) {
         in_place(sample, a, [&](at::Tensor& data, std::size_t) {
           scale_range(data, a.at("a_min"), a.at("a_max"), {number(a, "b_min"), number(a, "b_max")}, a.value("clip", false));
         });
       }},
      {"ScaleIntensityRangePercentiles", scale_percentiles},
      {"NormalizeIntensity", normalize},
      {"ThresholdIntensity", threshold},
      {"RepeatChannel", [](Sample& s, const Arguments& a) { s.data = s.data.repeat_interleave(a.at("repeats").get<std::int64_t>(), 0); }},
      {"CastToType", cast}};
  return transforms;
}

}  // namespace aidp
