// SPDX-License-Identifier: Apache-2.0
// Orientation, padding, cropping and turning: voxels move and keep their values. As monai/transforms/croppad/array.py and spatial/array.py.
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
using Sizes = std::vector<std::int64_t>;

std::int64_t dimension_of(std::size_t axis) { return static_cast<std::int64_t>(axis) + 1; }

void flip(Sample& sample, const std::vector<std::size_t>& axes) {
  Sizes dimensions;
  for (const auto axis : axes) {
    dimensions.push_back(dimension_of(axis));
    sample.move_origin(axis, static_cast<double>(sample.size(axis) - 1));
    for (auto& part : sample.directions_ras[axis]) part = -part;
  }
  sample.data = sample.data.flip(dimensions);
  sample.undo.push_back([dimensions](const at::Tensor& data, WayBack) { return data.flip(dimensions); });
}

// order[i]: which axis becomes axis i.
void permute(Sample& sample, const std::vector<std::size_t>& order) {
  Sizes dimensions{0}, back(order.size() + 1, 0);
  auto directions = sample.directions_ras;
  for (std::size_t axis = 0; axis < order.size(); ++axis) {
    dimensions.push_back(dimension_of(order[axis]));
    back[order[axis] + 1] = dimension_of(axis);
    directions[axis] = sample.directions_ras[order[axis]];
  }
  sample.directions_ras = directions;
  sample.data = sample.data.permute(dimensions).contiguous();
  sample.undo.push_back([back](const at::Tensor& data, WayBack) { return data.permute(back); });
}

// nibabel.io_orientation, which MONAI asks: which world axis (R, A, S) each image axis runs along. Image axes choose in the order of how
// clearly they do, so that an oblique image has one answer.
std::array<std::size_t, 3> world_axes(const Sample& sample) {
  std::array<std::array<double, 3>, 3> cosine{};  // [image axis][world axis]
  std::array<std::size_t, 3> order{0, 1, 2}, result{};
  for (std::size_t axis = 0; axis < 3; ++axis)
    for (std::size_t world = 0; world < 3; ++world)
      cosine[axis][world] = std::abs(sample.directions_ras[axis][world]) / sample.spacing_mm(axis);
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t axis) { return std::ranges::max(cosine[axis]); });
  for (const auto axis : order) {
    result[axis] = static_cast<std::size_t>(std::ranges::max_element(cosine[axis]) - cosine[axis].begin());
    for (auto& other : cosine) other[result[axis]] = -1;
  }
  return result;
}

void orientation(Sample& sample, const Arguments& arguments) {
  if (!sample.source.has_geometry)
    throw Error(Reason::geometry_missing,
                "Orientation needs ImagePositionPatient and ImageOrientationPatient, which the series does not have");
  constexpr std::string_view positive = "RAS", negative = "LPI";
  const auto axcodes = arguments.at("axcodes").get<std::string>();
  const auto world = world_axes(sample);
  std::vector<std::size_t> order, flips;
  for (std::size_t i = 0; i < 3; ++i) {
    const bool up = positive.find(axcodes[i]) != std::string_view::npos;
    const auto wanted = (up ? positive : negative).find(axcodes[i]);
    order.push_back(static_cast<std::size_t>(std::ranges::find(world, wanted) - world.begin()));
    if ((sample.directions_ras[order.back()][wanted] > 0) != up) flips.push_back(i);
  }
  permute(sample, order);
  if (!flips.empty()) flip(sample, flips);
}

// As torch wants them: the last axis first.
Sizes pads_of(const at::Tensor& data, std::int64_t dimension, std::int64_t before, std::int64_t after) {
  Sizes pads(static_cast<std::size_t>(2 * (data.dim() - dimension)), 0);
  pads[pads.size() - 2] = before;
  pads.back() = after;
  return pads;
}

void crop(Sample& sample, std::size_t axis, std::int64_t start, std::int64_t length) {
  const auto dimension = dimension_of(axis), end = sample.size(axis) - start - length;
  if (start == 0 && end == 0) return;
  sample.data = sample.data.narrow(dimension, start, length);
  sample.move_origin(axis, static_cast<double>(start));
  sample.undo.push_back([dimension, start, end](const at::Tensor& data, WayBack) {
    return at::constant_pad_nd(data, pads_of(data, dimension, start, end), 0);
  });
}

// Which voxels of an axis stand before and behind it: those mirrored at its ends, its ends, or it over and over.
at::Tensor beyond(std::int64_t size, std::int64_t before, std::int64_t after, const std::string& mode, const at::Device& device) {
  const auto index = at::arange(-before, size + after, at::TensorOptions(device).dtype(at::kLong));
  if (mode == "circular") return index.remainder(size);
  if (mode == "reflect") return size - 1 - (size - 1 - index.abs()).abs();
  return index.clamp(0, size - 1);
}

void pad(Sample& sample, std::size_t axis, std::int64_t before, std::int64_t after, const Arguments& arguments) {
  const auto mode = arguments.value("mode", "constant");
  const auto dimension = dimension_of(axis), size = sample.size(axis);
  if (before == 0 && after == 0) return;
  if (mode == "reflect" && std::max(before, after) >= size)
    throw Error(Reason::pixels_unsupported,
                "the image is too small to be padded with mode reflect: " + std::to_string(std::max(before, after)) +
                    " voxels are wanted along axis " + std::to_string(axis) + "; it has " + std::to_string(size));
  if (mode == "constant")
    sample.data = at::constant_pad_nd(sample.data, pads_of(sample.data, dimension, before, after), arguments.value("value", 0.0));
  else
    sample.data = sample.data.index_select(dimension, beyond(size, before, after, mode, sample.data.device()));
  sample.move_origin(axis, -static_cast<double>(before));
  sample.undo.push_back([dimension, before, size](const at::Tensor& data, WayBack) { return data.narrow(dimension, before, size); });
}

// Pads each axis by before[axis] and after[axis] voxels.
void pad(Sample& sample, const Sizes& before, const Sizes& after, const Arguments& arguments) {
  for (std::size_t axis = 0; axis < sample.axes(); ++axis) pad(sample, axis, before[axis], after[axis], arguments);
  sample.data = sample.data.contiguous();
}

// A size for each axis; 0 or less keeps the image's.
Sizes sizes_of(const Sample& sample, const Arguments& sizes) {
  auto result = sizes.get<Sizes>();
  for (std::size_t axis = 0; axis < result.size(); ++axis)
    if (result[axis] <= 0) result[axis] = sample.size(axis);
  return result;
}

void crop_center(Sample& sample, const Sizes& size) {
  for (std::size_t axis = 0; axis < sample.axes(); ++axis) {
    const auto length = std::min(size[axis], sample.size(axis));
    crop(sample, axis, sample.size(axis) / 2 - length / 2, length);
  }
}

void pad_to(Sample& sample, const Arguments& arguments) {
  const auto size = sizes_of(sample, arguments.at("spatial_size"));
  const bool symmetric = arguments.value("method", "symmetric") == "symmetric";
  Sizes before, after;
  for (std::size_t axis = 0; axis < sample.axes(); ++axis) {
    const auto missing = std::max<std::int64_t>(size[axis] - sample.size(axis), 0);
    before.push_back(symmetric ? missing / 2 : 0);
    after.push_back(missing - before.back());
  }
  pad(sample, before, after, arguments);
}

// First and last voxel above 0 along an axis, in any of the channels chosen.
std::pair<std::int64_t, std::int64_t> foreground(const at::Tensor& positive, std::int64_t axis) {
  const auto along = positive.movedim(axis, 0).flatten(1).any(1).nonzero();
  if (along.numel() == 0) throw Error(Reason::pixels_unsupported, "CropForeground finds no value above 0 in the image");
  return {along[0].item<std::int64_t>(), along[-1].item<std::int64_t>()};
}

void crop_foreground(Sample& sample, const Arguments& arguments) {
  auto data = sample.data;
  if (arguments.contains("channel_indices")) {
    const auto& given = arguments["channel_indices"];
    const auto chosen = given.is_array() ? given.get<Sizes>() : Sizes{given.get<std::int64_t>()};
    if (std::ranges::max(chosen) >= data.size(0))
      throw Error(Reason::pixels_unsupported, "'channel_indices' of CropForeground asks for channel " +
                                                  std::to_string(std::ranges::max(chosen)) + ", counted from 0; the image has " +
                                                  std::to_string(data.size(0)) + " channels");
    data = data.index_select(0, at::tensor(chosen, at::kLong).to(data.device()));
  }
  const auto positive = (data > 0).any(0);
  const auto count = sample.axes();
  const auto margin = arguments.value("margin", Sizes(count, 0)), divisible = arguments.value("k_divisible", Sizes(count, 1));
  Sizes before, after;
  for (std::size_t axis = 0; axis < count; ++axis) {
    const auto size = sample.size(axis);
    auto [start, last] = foreground(positive, static_cast<std::int64_t>(axis));
    start -= margin[axis];
    auto end = last + margin[axis] + 1;
    if (arguments.value("allow_smaller", false)) start = std::max<std::int64_t>(start, 0), end = std::min(end, size);
    const auto k = std::max<std::int64_t>(divisible[axis], 1), length = (end - start + k - 1) / k * k;
    start -= (length - (end - start)) / 2;
    end = start + length;
    before.push_back(std::max<std::int64_t>(-start, 0));
    after.push_back(std::max<std::int64_t>(end - size, 0));
    start = std::max<std::int64_t>(start, 0);
    crop(sample, axis, start, std::min(end, size) - start);
  }
  pad(sample, before, after, arguments);
}

std::vector<std::size_t> axes_of(const Sample& sample, const Arguments& axes) {
  const auto count = static_cast<std::int64_t>(sample.axes());
  std::vector<std::size_t> result;
  for (const auto& axis : axes.is_array() ? axes : Arguments::array({axes}))
    result.push_back(static_cast<std::size_t>((axis.get<std::int64_t>() + count) % count));
  return result;
}

void flip_axes(Sample& sample, const Arguments& arguments) {
  Arguments all = Arguments::array();
  for (std::size_t axis = 0; axis < sample.axes(); ++axis) all.push_back(axis);
  flip(sample, axes_of(sample, arguments.contains("spatial_axis") ? arguments["spatial_axis"] : all));
}

// torch.rot90: from the first axis towards the second.
void rotate_90(Sample& sample, const Arguments& arguments) {
  const auto axes = axes_of(sample, arguments.value("spatial_axes", Arguments{0, 1}));
  const auto times = ((arguments.value("k", 1) % 4) + 4) % 4;
  if (times == 0) return;
  if (times == 2) return flip(sample, axes);
  flip(sample, {axes[times == 1 ? 1 : 0]});
  std::vector<std::size_t> order;
  for (std::size_t axis = 0; axis < sample.axes(); ++axis) order.push_back(axis);
  std::swap(order[axes[0]], order[axes[1]]);
  permute(sample, order);
}
}  // namespace

const Transforms& spatial_transforms() {
  static const Transforms transforms{{"EnsureChannelFirst", [](Sample&, const Arguments&) {}},  // aidp reads images channel first
                                     {"Orientation", orientation},
                                     {"ResizeWithPadOrCrop",
                                      [](Sample& s, const Arguments& a) {
                                        crop_center(s, sizes_of(s, a.at("spatial_size")));
                                        pad_to(s, a);
                                      }},
                                     {"SpatialPad", pad_to},
                                     {"CenterSpatialCrop",
                                      [](Sample& s, const Arguments& a) {
                                        crop_center(s, sizes_of(s, a.at("roi_size")));
                                        s.data = s.data.contiguous();
                                      }},
                                     {"CropForeground", crop_foreground},
                                     {"Flip", flip_axes},
                                     {"Rotate90", rotate_90}};
  return transforms;
}

}  // namespace aidp
