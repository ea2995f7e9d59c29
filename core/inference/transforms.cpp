// SPDX-License-Identifier: Apache-2.0
#include "core/inference/transforms.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "core/base/error.hpp"

namespace aidp {

namespace {
using Arguments = nlohmann::json;
using Sizes = std::vector<std::int64_t>;

void scale_range(at::Tensor& data, double a_min, double a_max, double b_min, double b_max, bool clip) {
  data.sub_(a_min);
  if (a_max != a_min) data.div_(a_max - a_min);
  data.mul_(b_max - b_min).add_(b_min);
  if (clip) data.clamp_(b_min, b_max);
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

void orientation(Sample& sample, const std::string& axcodes) {
  if (!sample.source.has_geometry) throw Error(Reason::geometry_missing, "Orientation needs positions, the series has none");
  constexpr std::string_view positive = "RAS", negative = "LPI";
  Sizes order{0};
  std::vector<AxisMap> axes;
  std::vector<bool> taken(3, false);
  Sizes flips;
  for (std::size_t wanted = 0; wanted < 3; ++wanted) {
    const auto up = positive.find(axcodes[wanted]);
    const auto world = up != std::string_view::npos ? up : negative.find(axcodes[wanted]);
    std::size_t best = 3;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const auto cosine = [&](std::size_t a) { return std::abs(sample.direction_ras(a)[world]) / sample.spacing_mm(a); };
      if (!taken[axis] && (best == 3 || cosine(axis) > cosine(best))) best = axis;
    }
    taken[best] = true;
    order.push_back(static_cast<std::int64_t>(best) + 1);
    axes.push_back(sample.axes[best]);
    const bool points_up = sample.direction_ras(best)[world] > 0;
    if (points_up != (up != std::string_view::npos)) {
      flips.push_back(static_cast<std::int64_t>(wanted) + 1);
      axes.back().offset += axes.back().scale * static_cast<double>(sample.size(best) - 1);
      axes.back().scale = -axes.back().scale;
    }
  }
  sample.data = sample.data.permute(order).flip(flips).contiguous();
  sample.axes = axes;
}

void crop_center(Sample& sample, const Sizes& size) {
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const auto length = std::min(size[axis], sample.size(axis));
    const auto start = std::max<std::int64_t>(sample.size(axis) / 2 - length / 2, 0);
    sample.data = sample.data.narrow(static_cast<std::int64_t>(axis) + 1, start, length);
    sample.axes[axis].offset += sample.axes[axis].scale * static_cast<double>(start);
  }
  sample.data = sample.data.contiguous();
}

void pad_to(Sample& sample, const Sizes& size, double value) {
  Sizes pads;  // last axis first, as torch wants them
  for (std::size_t axis = sample.axes.size(); axis-- > 0;) {
    const auto missing = std::max<std::int64_t>(size[axis] - sample.size(axis), 0);
    pads.insert(pads.end(), {missing / 2, missing - missing / 2});
    sample.axes[axis].offset -= sample.axes[axis].scale * static_cast<double>(missing / 2);
  }
  sample.data = at::constant_pad_nd(sample.data, pads, value);
}

void scale_intensity(at::Tensor& data, double minv, double maxv) {
  const auto low = data.min().item<double>(), high = data.max().item<double>();
  if (low == high)
    data.mul_(minv);
  else
    data.sub_(low).div_(high - low).mul_(maxv - minv).add_(minv);
}

void normalize(at::Tensor& data, const Arguments& arguments) {
  const bool nonzero = arguments.value("nonzero", false);
  const auto chosen = nonzero ? data != 0 : at::Tensor();
  const auto values = nonzero ? data.masked_select(chosen) : data;
  if (values.numel() == 0) return;
  const double subtrahend = arguments.contains("subtrahend") ? arguments["subtrahend"].get<double>() : values.mean().item<double>();
  double divisor = arguments.contains("divisor") ? arguments["divisor"].get<double>() : values.std(false).item<double>();
  if (divisor == 0) divisor = 1;
  const auto scaled = (data - subtrahend) / divisor;
  data = nonzero ? at::where(chosen, scaled, data) : scaled;
}

using Apply = std::function<void(Sample&, const Arguments&)>;

const std::map<std::string, Apply>& table() {
  static const std::map<std::string, Apply> transforms{
      {"EnsureChannelFirst", [](Sample&, const Arguments&) {}},
      {"Orientation", [](Sample& s, const Arguments& a) { orientation(s, a.at("axcodes").get<std::string>()); }},
      {"Spacing",
       [](Sample& s, const Arguments& a) { respace(s, a.at("pixdim").get<std::vector<double>>(), a.value("mode", "bilinear")); }},
      {"Resize", [](Sample& s, const Arguments& a) { resize(s, a.at("spatial_size").get<Sizes>(), a.value("mode", "area")); }},
      {"ResizeWithPadOrCrop",
       [](Sample& s, const Arguments& a) {
         crop_center(s, a.at("spatial_size").get<Sizes>());
         pad_to(s, a.at("spatial_size").get<Sizes>(), a.value("value", 0.0));
       }},
      {"CenterSpatialCrop", [](Sample& s, const Arguments& a) { crop_center(s, a.at("roi_size").get<Sizes>()); }},
      {"SpatialPad", [](Sample& s, const Arguments& a) { pad_to(s, a.at("spatial_size").get<Sizes>(), a.value("value", 0.0)); }},
      {"ScaleIntensity", [](Sample& s, const Arguments& a) { scale_intensity(s.data, a.value("minv", 0.0), a.value("maxv", 1.0)); }},
      {"ScaleIntensityRange",
       [](Sample& s, const Arguments& a) {
         scale_range(s.data, a.at("a_min"), a.at("a_max"), a.value("b_min", 0.0), a.value("b_max", 1.0), a.value("clip", false));
       }},
      {"ScaleIntensityRangePercentiles",
       [](Sample& s, const Arguments& a) {
         const auto low = percentile(s.data, a.at("lower")), high = percentile(s.data, a.at("upper"));
         scale_range(s.data, low, high, a.value("b_min", 0.0), a.value("b_max", 1.0), a.value("clip", false));
       }},
      {"NormalizeIntensity", [](Sample& s, const Arguments& a) { normalize(s.data, a); }},
      {"ThresholdIntensity",
       [](Sample& s, const Arguments& a) {
         const double threshold = a.at("threshold");
         const auto keep = a.value("above", true) ? s.data > threshold : s.data < threshold;
         s.data = at::where(keep, s.data, at::full_like(s.data, a.value("cval", 0.0)));
       }},
      {"RepeatChannel", [](Sample& s, const Arguments& a) { s.data = s.data.repeat_interleave(a.at("repeats").get<std::int64_t>(), 0); }}};
  return transforms;
}
}  // namespace

void apply(const Transform& transform, Sample& sample) {
  const auto found = table().find(transform.name);
  if (found == table().end()) throw Error(Reason::manifest_invalid, "the transform " + transform.name + " is not known");
  found->second(sample, transform.arguments);
}

at::Tensor apply_after(const Transform& transform, const at::Tensor& output) {
  const auto& arguments = transform.arguments;
  if (transform.name == "Activations") return arguments.value("sigmoid", false) ? output.sigmoid() : output.softmax(0);
  if (transform.name == "AsDiscrete" && arguments.value("argmax", false)) return output.argmax(0, true);
  if (transform.name == "AsDiscrete") return (output >= arguments.at("threshold").get<double>()).to(at::kLong);
  throw Error(Reason::manifest_invalid, "the transform " + transform.name + " is not known");
}

}  // namespace aidp
