// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
// Values at fractional positions along one dimension; positions beyond the ends take the end's value.
at::Tensor linear_along(const at::Tensor& data, std::int64_t dimension, const at::Tensor& positions) {
  const auto last = data.size(dimension) - 1;
  const auto inside = positions.clamp(0, static_cast<double>(last));
  const auto low = inside.floor();
  std::vector<std::int64_t> shape(static_cast<std::size_t>(data.dim()), 1);
  shape[static_cast<std::size_t>(dimension)] = -1;
  const auto weight = (inside - low).to(at::kFloat).reshape(shape);
  const auto index = low.to(at::kLong);
  const auto a = data.index_select(dimension, index), b = data.index_select(dimension, (index + 1).clamp_max(last));
  return at::lerp(a, b, weight);
}

at::Tensor nearest_along(const at::Tensor& data, std::int64_t dimension, const at::Tensor& positions) {
  return data.index_select(dimension, positions.round().clamp(0, static_cast<double>(data.size(dimension) - 1)).to(at::kLong));
}

at::Tensor interpolate(const at::Tensor& batch, const std::vector<std::int64_t>& size, const std::string& mode) {
  const bool flat = size.size() == 2;
  if (mode == "area") return flat ? at::adaptive_avg_pool2d(batch, size) : at::adaptive_avg_pool3d(batch, size);
  if (mode == "nearest") return flat ? at::upsample_nearest2d(batch, size) : at::upsample_nearest3d(batch, size);
  return flat ? at::upsample_bilinear2d(batch, size, false) : at::upsample_trilinear3d(batch, size, false);
}
}  // namespace

// torch.nn.functional.interpolate with align_corners=False, as MONAI's Resize: the edges of the image stay where they are.
void resize(Sample& sample, const std::vector<std::int64_t>& spatial_size, const std::string& mode) {
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const double zoom = static_cast<double>(sample.size(axis)) / static_cast<double>(spatial_size[axis]);
    auto& map = sample.axes[axis];
    map.offset += map.scale * (zoom - 1) / 2;
    map.scale *= zoom;
  }
  sample.data = interpolate(sample.data.unsqueeze(0), spatial_size, mode).squeeze(0);
}

// MONAI's Spacing: the first voxel's centre stays where it is, the size is that of compute_shape_offset (scale_extent=False).
void respace(Sample& sample, const std::vector<double>& pixdim_mm, const std::string& mode) {
  if (!sample.source.has_geometry) throw Error(Reason::geometry_missing, "Spacing needs PixelSpacing and positions, the series has none");
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const double zoom = pixdim_mm[axis] / sample.spacing_mm(axis);
    const auto size = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(sample.size(axis) - 1) / zoom + 1));
    if (std::abs(zoom - 1) < 1e-6) continue;
    const auto positions = at::arange(size, at::TensorOptions(sample.data.device()).dtype(at::kDouble)) * zoom;
    const auto dimension = static_cast<std::int64_t>(axis) + 1;
    sample.data = mode == "nearest" ? nearest_along(sample.data, dimension, positions) : linear_along(sample.data, dimension, positions);
    sample.axes[axis].scale *= zoom;
  }
}

}  // namespace aidp
