// SPDX-License-Identifier: Apache-2.0
#include "core/inference/fused_2d.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace aidp {

namespace {
// Stored value to the model's: value = clamp(stored * slope + intercept); stored values of a closed range are no image and read as `least`.
struct Line {
  float slope = 1, intercept = 0, low = -INFINITY, high = INFINITY;
  std::int32_t padding_first = 1, padding_last = 0, least = 0;
};

// Where torch's upsample_bilinear2d (align_corners=False) takes its two values of each output along one axis.
struct Taps {
  std::vector<std::int32_t> low, high;
  std::vector<float> weight;  // of high
};

Taps taps(std::int64_t from, std::int64_t to) {
  Taps taps;
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    const float source = std::max(scale * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
    const auto low = std::min(static_cast<std::int64_t>(source), from - 1);
    taps.low.push_back(static_cast<std::int32_t>(low));
    taps.high.push_back(static_cast<std::int32_t>(std::min(low + 1, from - 1)));
    taps.weight.push_back(source - static_cast<float>(low));
  }
  return taps;
}

// The loops over a row are compiled for AVX2 too, chosen at load. Not with FMA: its rounding would differ from one processor to another.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__)
#define AIDP_PER_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define AIDP_PER_PROCESSOR
#endif

template <class Stored>
[[gnu::always_inline]] inline void convert(const Stored* stored, std::size_t count, const Line& given, float* out) {
  const Line line = given;
  const auto real = [line](std::int32_t value) {
    return std::min(std::max(static_cast<float>(value) * line.slope + line.intercept, line.low), line.high);
  };
  if (line.padding_first > line.padding_last) {
    for (std::size_t i = 0; i < count; ++i) out[i] = real(stored[i]);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t value = stored[i];
    out[i] = real(value >= line.padding_first && value <= line.padding_last ? line.least : value);
  }
}
AIDP_PER_PROCESSOR void model_values(const std::int16_t* s, std::size_t count, const Line& line, float* out) {
  convert(s, count, line, out);
}
AIDP_PER_PROCESSOR void model_values(const std::uint16_t* s, std::size_t count, const Line& line, float* out) {
  convert(s, count, line, out);
}
AIDP_PER_PROCESSOR void model_values(const std::uint8_t* s, std::size_t count, const Line& line, float* out) {
  convert(s, count, line, out);
}

AIDP_PER_PROCESSOR void blend(const float* above, const float* below, float weight, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = above[i] * (1 - weight) + below[i] * weight;
}

AIDP_PER_PROCESSOR void pick(const float* row, const Taps& taps, float* out) {
  const auto* low = taps.low.data();
  const auto* high = taps.high.data();
  const auto* weight = taps.weight.data();
  const auto count = taps.weight.size();
  for (std::size_t i = 0; i < count; ++i) out[i] = row[low[i]] * (1 - weight[i]) + row[high[i]] * weight[i];
}

// The stored value that stands for the least real one, of those that are image.
template <class Stored>
std::int32_t least_of(const Stored* values, std::size_t count, const Line& line) {
  std::int32_t lowest = INT32_MAX, highest = INT32_MIN;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t value = values[i];
    const bool is_image = value < line.padding_first || value > line.padding_last;
    lowest = std::min(lowest, is_image ? value : INT32_MAX);
    highest = std::max(highest, is_image ? value : INT32_MIN);
  }
  return line.slope >= 0 ? lowest : highest;
}

template <class Stored>
void resample(const std::byte* bytes, const ImageHeader& image, Line line, at::Tensor& data) {
  const auto* values = reinterpret_cast<const Stored*>(bytes);
  const auto columns = static_cast<std::size_t>(image.columns), rows = static_cast<std::size_t>(image.rows);
  if (line.padding_first <= line.padding_last) {
    line.least = least_of(values, rows * columns, line);
    if (line.least == INT32_MAX || line.least == INT32_MIN) line.padding_last = line.padding_first - 1;  // padding everywhere
  }
  const auto down = taps(image.rows, data.size(1)), across = taps(image.columns, data.size(2));
  std::vector<float> above(columns), below(columns), between(columns);
  auto* out = data.data_ptr<float>();
  for (std::size_t y = 0; y < down.weight.size(); ++y, out += across.weight.size()) {
    model_values(values + static_cast<std::size_t>(down.low[y]) * columns, columns, line, above.data());
    model_values(values + static_cast<std::size_t>(down.high[y]) * columns, columns, line, below.data());
    blend(above.data(), below.data(), down.weight[y], columns, between.data());
    pick(between.data(), across, out);
  }
}

Line line_of(const ImageHeader& image, const nlohmann::json& range) {
  const double a_min = range.at("a_min"), a_max = range.at("a_max"), b_min = range.value("b_min", 0.0), b_max = range.value("b_max", 1.0);
  const double factor = (b_max - b_min) / (a_max - a_min);
  const double slope = image.inverted ? -image.slope[0] : image.slope[0];
  const double intercept = image.inverted ? image.intercept[0] + image.slope[0] * mirror_sum(image) : image.intercept[0];
  Line line;
  line.slope = static_cast<float>(slope * factor);
  line.intercept = static_cast<float>((intercept - a_min) * factor + b_min);
  if (image.padding) {
    line.padding_first = static_cast<std::int32_t>((*image.padding)[0]);
    line.padding_last = static_cast<std::int32_t>((*image.padding)[1]);
  }
  if (!range.value("clip", false)) return line;
  if (range.contains("b_min")) line.low = static_cast<float>(b_min);  // as MONAI: without a bound nothing is clipped
  if (range.contains("b_max")) line.high = static_cast<float>(b_max);
  return line;
}

bool fits(const ImageHeader& image, const Manifest& manifest) {
  const auto& steps = manifest.preprocess;
  if (manifest.unit != Unit::instance || manifest.channels != 1 || steps.size() != 2) return false;
  if (steps[0].name != "ScaleIntensityRange" || steps[1].name != "Resize" || steps[1].arguments.value("mode", "area") != "bilinear")
    return false;
  const auto& resize = steps[1].arguments;
  if (resize.value("size_mode", "all") != "all" || resize.value("align_corners", false)) return false;
  for (const auto& size : resize.at("spatial_size"))
    if (size <= 0) return false;
  const auto& range = steps[0].arguments;
  if (range.contains("b_min") != range.contains("b_max")) return false;
  const bool rising =
      range.at("a_min").get<double>() < range.at("a_max").get<double>() && range.value("b_min", 0.0) < range.value("b_max", 1.0);
  return rising && image.samples == 1 && image.slices == 1 && image.slope.size() == 1 && image.voi.empty() && bytes_of(image.type) <= 2 &&
         image.type != PixelType::int8;
}
}  // namespace

std::optional<Sample> fused_sample(const ImageHeader& image, const std::byte* values, const Manifest& manifest) {
  if (!fits(image, manifest)) return std::nullopt;
  const auto size = manifest.preprocess[1].arguments.at("spatial_size").get<std::vector<std::int64_t>>();
  Sample sample;
  sample.source = image;
  reset_axes(sample);
  sample.data = at::empty({1, size[0], size[1]}, at::kFloat);
  const auto line = line_of(image, manifest.preprocess[0].arguments);
  if (image.type == PixelType::int16) resample<std::int16_t>(values, image, line, sample.data);
  if (image.type == PixelType::uint16) resample<std::uint16_t>(values, image, line, sample.data);
  if (image.type == PixelType::uint8) resample<std::uint8_t>(values, image, line, sample.data);
  note_resize(sample, {image.rows, image.columns}, "bilinear", false);
  return sample;
}

}  // namespace aidp
