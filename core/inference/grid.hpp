// SPDX-License-Identifier: Apache-2.0
#pragma once

// Internal to core/inference.
#include "core/inference/sample.hpp"

namespace aidp {

using Sizes = std::vector<std::int64_t>;
using Matrix = std::array<Vector3, 3>;

inline constexpr double affine_tolerance = 1e-3;  // monai.data.utils.AFFINE_TOL: mm, or a part of a voxel

inline double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline double voxels(std::int64_t count) { return static_cast<double>(count); }

// Voxel `index` of a grid lies at matrix * index + shift of another.
struct VoxelMap {
  Matrix matrix{};
  Vector3 shift{};

  double part(std::size_t axis, const Vector3& index) const { return dot(matrix[axis], index); }
};

// A grid that a volume is to be resampled on.
struct NewGrid {
  Sizes size;
  VoxelMap from, back;  // where new voxels lie on the old grid, and old ones on the new
  Matrix directions_ras{};
  Vector3 origin_ras{};
};

// What lies beyond the old grid: its last voxels, or 0 from one voxel beyond them on (padding_mode of torch's grid_sample).
enum class Padding { border, zeros };

// The grid of that size, directions and origin (mm per voxel and mm, as a sample has them).
NewGrid grid_at(const Sample& sample, Sizes size, const Matrix& directions_ras, const Vector3& origin_ras);
// Whether MONAI takes the grid for the sample's own and leaves the image as it is.
bool is_own_grid(const Sample& sample, const NewGrid& grid);
// Resamples a volume, linearly or to the nearest voxel, as MONAI's SpatialResample with align_corners false; float32.
void resample(Sample& sample, const NewGrid& grid, bool nearest, Padding padding);

}  // namespace aidp
