// SPDX-License-Identifier: Apache-2.0
#pragma once

// Internal to core/inference: LibTorch's types are seen here and in the .cpp files beside it, nowhere else.
#include <torch/script.h>

#include <array>
#include <vector>

#include "core/base/image.hpp"

namespace aidp {

// Where the voxels of one axis of a tensor come from: source index = scale * index + offset along `source_axis`. All transforms keep
// axes apart (they permute, flip, zoom, crop and pad), so a chain of them is this and no matrix.
struct AxisMap {
  int source_axis = 0;
  double scale = 1, offset = 0;
};

// An image on its way to the model. Volumes are [channel, i, j, k] (column, row, slice) as MONAI has them, images [channel, row, column].
struct Sample {
  at::Tensor data;            // float32
  std::vector<AxisMap> axes;  // of the spatial axes
  ImageHeader source;
  bool volume = false;

  std::int64_t size(std::size_t axis) const { return data.size(static_cast<std::int64_t>(axis) + 1); }
  // Direction of a spatial axis in mm per voxel, RAS.
  std::array<double, 3> direction_ras(std::size_t axis) const;
  double spacing_mm(std::size_t axis) const;
  // Where the first voxel's centre lies, mm, RAS.
  std::array<double, 3> origin_ras() const;
};

// The largest plus the smallest value that the stored bits can hold: MONOCHROME1 becomes MONOCHROME2 by this minus the value.
double mirror_sum(const ImageHeader& image);

// Stored values to real ones on `device`: MONOCHROME1 turned to MONOCHROME2, rescaled per slice, windowed where the image has a VOI,
// padding set to the image's least value, and straightened where the image has a grid, which then is the sample's source.
Sample make_sample(const ImageHeader& image, const std::byte* values, bool volume, int channels, const at::Device& device);

// The values at `positions` (double, from 0 to the last index) along a dimension, linearly between its voxels.
at::Tensor linear_along(const at::Tensor& data, std::int64_t dimension, const at::Tensor& positions);

// Values, slice first, as they are meant to be shown: 0 to 1. `vois`: per slice, or one for all.
void apply_voi(at::Tensor& real, const std::vector<Voi>& vois);

// Slices [slice, row, column, sample], float32, resampled to their grid.
at::Tensor straightened(const at::Tensor& slices, const SliceGrid& grid);

// A label map on a sample's grid ([axes...], integer) to the source grid, by the nearest voxel; outside it is 0. [slice, row, column],
// uint8.
at::Tensor to_source_grid(const at::Tensor& labels, const Sample& sample);
// An output on a sample's grid ([channel, axes...]) to the source grid, by the nearest voxel or linearly between voxels; outside the
// sample's grid it is 0. The sample becomes one on the source grid, as it was before any transform, of these data.
at::Tensor invert(const at::Tensor& output, Sample& sample, bool nearest);

}  // namespace aidp
