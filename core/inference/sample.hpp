// SPDX-License-Identifier: Apache-2.0
#pragma once

// Internal to core/inference: LibTorch's types are seen here and in the .cpp files beside it, nowhere else.
#include <torch/script.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "core/base/image.hpp"

namespace aidp {

// How voxels go back to the source: as Invert with nearest_interp false (interpolated as they came) or true; or each source voxel from the
// one that holds its centre, which after Resize is not the one that torch's mode nearest takes.
enum class WayBack { as_it_came, nearest, centre };
using Undo = std::function<at::Tensor(const at::Tensor& data, WayBack way)>;
using Vector3 = std::array<double, 3>;

// An image on its way to the model. Volumes are [channel, i, j, k] (column, row, slice) as MONAI has them, images [channel, row, column].
// What moves voxels keeps the affine, and says how it is undone.
struct Sample {
  at::Tensor data;                          // float32
  std::array<Vector3, 3> directions_ras{};  // of the spatial axes, mm per voxel; an image's third: where the next slice would lie
  Vector3 origin_ras{};                     // where the first voxel's centre lies, mm
  std::vector<Undo> undo;                   // of what was done to the voxels' places, in order
  ImageHeader source;
  bool volume = false;

  std::size_t axes() const { return volume ? 3 : 2; }
  std::int64_t size(std::size_t axis) const { return data.size(static_cast<std::int64_t>(axis) + 1); }
  double spacing_mm(std::size_t axis) const;
  // The first voxel is now where `index` along the axis was, not always a whole one.
  void move_origin(std::size_t axis, double index);
};

// Gives a sample the axes of its source, as before any transform.
void reset_axes(Sample& sample);
// The sample's data were of size `before` and have been interpolated, as by torch.nn.functional.interpolate: the edges of the image stay
// where they are, or with align_corners the centres of its first and last voxel.
void note_resize(Sample& sample, const std::vector<std::int64_t>& before, const std::string& mode, bool align_corners);

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

// A label map on a sample's grid ([axes...], integer) to the source grid, each voxel from the one that holds its centre; what was cropped
// is 0. [slice, row, column], uint8.
at::Tensor to_source_grid(const at::Tensor& labels, const Sample& sample);
// An output on a sample's grid ([channel, axes...]) to the source grid, as MONAI's Invert. The sample becomes one on the source grid, as it
// was before any transform, of these data.
at::Tensor invert(const at::Tensor& output, Sample& sample, bool nearest);

}  // namespace aidp
