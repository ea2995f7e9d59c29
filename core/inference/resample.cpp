// SPDX-License-Identifier: Apache-2.0
// Resize: new voxels between the old ones.
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

at::Tensor linear_along(const at::Tensor& data, std::int64_t dimension, const at::Tensor& positions) {
  const auto low = positions.floor();
  std::vector<std::int64_t> shape(static_cast<std::size_t>(data.dim()), 1);
  shape[static_cast<std::size_t>(dimension)] = -1;
  const auto weight = (positions - low).to(data.scalar_type()).reshape(shape);
  const auto index = low.to(at::kLong);
  const auto above = (index + 1).clamp_max(data.size(dimension) - 1);
  return data.index_select(dimension, index).lerp_(data.index_select(dimension, above), weight);
}

namespace {
using Sizes = std::vector<std::int64_t>;

Sizes size_of(const Sample& sample, const Arguments& arguments) {
  auto size = arguments.at("spatial_size").get<Sizes>();
  std::int64_t largest = 0;
  for (std::size_t axis = 0; axis < size.size(); ++axis) largest = std::max(largest, sample.size(axis));
  const bool longest = arguments.value("size_mode", "all") == "longest";
  const double scale = static_cast<double>(size[0]) / static_cast<double>(largest);  // the same number for all axes
  for (std::size_t axis = 0; axis < size.size(); ++axis) {
    if (longest) size[axis] = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(sample.size(axis)) * scale));
    if (longest && size[axis] == 0)
      throw Error(Reason::pixels_unsupported, "Resize would leave nothing of an axis of " + std::to_string(sample.size(axis)) +
                                                  " voxels: the longest has " + std::to_string(largest));
    if (size[axis] <= 0) size[axis] = sample.size(axis);
  }
  return size;
}

at::Tensor interpolate(const at::Tensor& data, const Sizes& size, const std::string& mode, bool align_corners) {
  const auto batch = data.unsqueeze(0);
  const bool flat = size.size() == 2;
  const auto result = [&] {
    if (mode == "area") return flat ? at::adaptive_avg_pool2d(batch, size) : at::adaptive_avg_pool3d(batch, size);
    if (mode == "nearest") return flat ? at::upsample_nearest2d(batch, size) : at::upsample_nearest3d(batch, size);
    if (mode == "nearest-exact") return flat ? at::_upsample_nearest_exact2d(batch, size) : at::_upsample_nearest_exact3d(batch, size);
    return flat ? at::upsample_bilinear2d(batch, size, align_corners) : at::upsample_trilinear3d(batch, size, align_corners);
  };
  return result().squeeze(0).contiguous();
}

// Voxel i of the resized axis lies at zoom * i + offset of the other.
struct Stretch {
  double zoom, offset;
  Stretch(std::int64_t from, std::int64_t to, bool align_corners) {
    const bool corners = align_corners && to > 1;
    zoom = corners ? static_cast<double>(from - 1) / static_cast<double>(to - 1) : static_cast<double>(from) / static_cast<double>(to);
    offset = corners ? 0 : (zoom - 1) / 2;
  }
};

// Each voxel of the axis before it was stretched from the one that holds its centre.
at::Tensor centres(const at::Tensor& data, std::int64_t dimension, std::int64_t size, const Stretch& stretch) {
  const double zoom = std::max(stretch.zoom, 1e-9);  // 0: one voxel from corner to corner
  const auto index = (at::arange(size, data.options().dtype(at::kDouble)) - stretch.offset) / zoom;
  return data.index_select(dimension, index.round().to(at::kLong).clamp(0, data.size(dimension) - 1));
}

void resize(Sample& sample, const Arguments& arguments) {
  const auto size = size_of(sample, arguments);
  const auto mode = arguments.value("mode", "area");
  const bool align_corners = arguments.value("align_corners", false);
  Sizes before;
  for (std::size_t axis = 0; axis < sample.axes(); ++axis) before.push_back(sample.size(axis));
  sample.data = sample.data.to(at::kFloat);
  if (before == size) return;
  sample.data = interpolate(sample.data, size, mode, align_corners);
  note_resize(sample, before, mode, align_corners);
}
}  // namespace

void note_resize(Sample& sample, const Sizes& before, const std::string& mode, bool align_corners) {
  std::vector<Stretch> stretches;
  for (std::size_t axis = 0; axis < before.size(); ++axis) {
    stretches.emplace_back(before[axis], sample.size(axis), align_corners);
    sample.move_origin(axis, stretches[axis].offset);
    for (auto& part : sample.directions_ras[axis]) part *= stretches[axis].zoom;
  }
  sample.undo.push_back([before, mode, align_corners, stretches](const at::Tensor& data, WayBack way) {
    if (way != WayBack::centre) return interpolate(data, before, way == WayBack::nearest ? "nearest" : mode, align_corners);
    auto result = data;
    for (std::size_t axis = 0; axis < before.size(); ++axis)
      result = centres(result, static_cast<std::int64_t>(axis) + 1, before[axis], stretches[axis]);
    return result;
  });
}

const Transforms& resample_transforms() {
  static const Transforms transforms{{"Spacing", spacing}, {"Conform", conform}, {"Resize", resize}};
  return transforms;
}

}  // namespace aidp
