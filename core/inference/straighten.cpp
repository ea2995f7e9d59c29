// SPDX-License-Identifier: Apache-2.0
// Slices that lie unevenly or sheared onto their SliceGrid: each is put where it lies in its plane, then voxels come linearly from the two
// planes around them. What no slice reaches has the image's least value.
#include <algorithm>

#include "core/inference/sample.hpp"

namespace aidp {

namespace {
// `plane` moved by `shift` voxels along a dimension that becomes `length` long; a voxel reaches half a step to each side.
at::Tensor moved(const at::Tensor& plane, std::int64_t dimension, double shift, std::int64_t length, const at::Scalar& outside) {
  if (shift == 0 && length == plane.size(dimension)) return plane;
  const auto last = plane.size(dimension) - 1;
  const auto from = at::arange(length, at::TensorOptions(plane.device()).dtype(at::kDouble)) - shift;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(plane.dim()), 1);
  shape[static_cast<std::size_t>(dimension)] = length;
  const auto beyond = (from < -0.5).logical_or_(from > static_cast<double>(last) + 0.5).reshape(shape);
  return linear_along(plane, dimension, from.clamp(0, static_cast<double>(last))).masked_fill_(beyond, outside);
}
}  // namespace

at::Tensor straightened(const at::Tensor& slices, const SliceGrid& grid) {
  const auto outside = slices.min().item();
  const auto upright = [&](std::size_t i) {
    const auto& first_voxel = grid.first_voxels[i];
    const auto rows_placed = moved(slices[static_cast<std::int64_t>(i)], 0, first_voxel[1], grid.rows, outside);
    return moved(rows_placed, 1, first_voxel[0], grid.columns, outside);
  };
  auto even = at::empty({grid.slices, grid.rows, grid.columns, slices.size(3)}, slices.options());
  std::size_t above = 1;
  auto lower = upright(0), upper = upright(1);
  for (std::int64_t k = 0; k < grid.slices; ++k) {
    const auto depth = static_cast<double>(k);
    while (above + 1 < grid.first_voxels.size() && grid.first_voxels[above][2] < depth) {
      lower = upper;
      upper = upright(++above);
    }
    const double from = grid.first_voxels[above - 1][2], to = grid.first_voxels[above][2];
    even[k].copy_(at::lerp(lower, upper, std::clamp((depth - from) / (to - from), 0.0, 1.0)));
  }
  return even;
}

}  // namespace aidp
