// SPDX-License-Identifier: Apache-2.0
#include "core/inference/fused_2d.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace aidp {

namespace {
// Stored value to the model's: value = clamp(stored * slope + intercept).
struct Line {
  float slope = 1, intercept = 0, low = -INFINITY, high = INFINITY;
  float operator()(float stored) const { return std::min(std::max(stored * slope + intercept, low), high); }
};

struct Tap {
  std::int64_t low = 0, high = 0;
  float weight = 0;  // of high
};

// Where torch's upsample_bilinear2d (align_corners=False) takes its two values.
std::vector<Tap> taps(std::int64_t from, std::int64_t to) {
  std::vector<Tap> result(static_cast<std::size_t>(to));
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    const float source = std::max(scale * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
    const auto low = std::min(static_cast<std::int64_t>(source), from - 1);
    result[static_cast<std::size_t>(i)] = {low, std::min(low + 1, from - 1), source - static_cast<float>(low)};
  }
  return result;
}

template <class Stored>
void resample(const std::byte* bytes, std::int64_t columns, const Line& line, const std::vector<Tap>& down, const std::vector<Tap>& across,
              float* out) {
  const auto* values = reinterpret_cast<const Stored*>(bytes);
  for (const auto& y : down) {
    const auto* above = values + y.low * columns;
    const auto* below = values + y.high * columns;
    for (const auto& x : across) {
      const auto mix = [&](const Stored* row) {
        const float left = line(static_cast<float>(row[x.low])), right = line(static_cast<float>(row[x.high]));
        return left * (1 - x.weight) + right * x.weight;
      };
      *out++ = mix(above) * (1 - y.weight) + mix(below) * y.weight;
    }
  }
}

Line line_of(const ImageHeader& image, const nlohmann::json& range) {
  const double a_min = range.at("a_min"), a_max = range.at("a_max"), b_min = range.value("b_min", 0.0), b_max = range.value("b_max", 1.0);
  const double factor = (b_max - b_min) / (a_max - a_min);
  Line line;
  line.slope = static_cast<float>(image.slope[0] * factor);
  line.intercept = static_cast<float>((image.intercept[0] - a_min) * factor + b_min);
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
  if (steps[0].arguments.contains("b_min") != steps[0].arguments.contains("b_max")) return false;
  if (steps[0].arguments.at("a_min") == steps[0].arguments.at("a_max")) return false;
  return image.samples == 1 && !image.inverted && !image.padding && image.slices == 1 && image.slope.size() == 1;
}
}  // namespace

std::optional<Sample> fused_sample(const ImageHeader& image, const std::byte* values, const Manifest& manifest) {
  if (!fits(image, manifest)) return std::nullopt;
  const auto size = manifest.preprocess[1].arguments.at("spatial_size").get<std::vector<std::int64_t>>();
  Sample sample;
  sample.source = image;
  sample.axes = {{1, 1, 0}, {0, 1, 0}};
  sample.data = at::empty({1, size[0], size[1]}, at::kFloat);
  const auto line = line_of(image, manifest.preprocess[0].arguments);
  const auto down = taps(image.rows, size[0]), across = taps(image.columns, size[1]);
  auto* out = sample.data.data_ptr<float>();
  switch (image.type) {
    case PixelType::int16:
      resample<std::int16_t>(values, image.columns, line, down, across, out);
      break;
    case PixelType::uint16:
      resample<std::uint16_t>(values, image.columns, line, down, across, out);
      break;
    case PixelType::uint8:
      resample<std::uint8_t>(values, image.columns, line, down, across, out);
      break;
    default:
      return std::nullopt;
  }
  const std::array<std::int64_t, 2> source{image.rows, image.columns};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    sample.axes[axis].scale = static_cast<double>(source[axis]) / static_cast<double>(size[axis]);
    sample.axes[axis].offset = (sample.axes[axis].scale - 1) / 2;
  }
  return sample;
}

}  // namespace aidp
