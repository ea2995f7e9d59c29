// SPDX-License-Identifier: Apache-2.0
#include "core/inference/grid.hpp"

#include <cmath>

namespace aidp {

namespace {
constexpr double shear_kept_apart = 1e-4;  // voxels, from one end of the image to the other

// Of directions by axis: mm along the world's axes to voxels along these.
Matrix inverse(const Matrix& directions) {
  const auto cross = [](const Vector3& a, const Vector3& b) {
    return Vector3{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  };
  Matrix rows{cross(directions[1], directions[2]), cross(directions[2], directions[0]), cross(directions[0], directions[1])};
  const double volume = dot(directions[0], rows[0]);
  for (auto& row : rows)
    for (auto& part : row) part /= volume;
  return rows;
}

// Voxels of the grid of directions and origin `to`, as they lie on that of `from`.
VoxelMap map_between(const Matrix& from, const Vector3& from_origin, const Matrix& to, const Vector3& to_origin) {
  const auto voxels_of = inverse(from);
  VoxelMap map;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    for (std::size_t other = 0; other < 3; ++other) map.matrix[axis][other] = dot(voxels_of[axis], to[other]);
    for (std::size_t row = 0; row < 3; ++row) map.shift[axis] += voxels_of[axis][row] * (to_origin[row] - from_origin[row]);
  }
  return map;
}

// Source positions of `to` voxels. In the steps of MONAI's AffineTransform, through
// torch's normalised coordinates, so that `nearest` finds the same side of a tie.
at::Tensor positions(std::int64_t from, std::int64_t to, double zoom, double shift, const at::Device& device) {
  const double in = voxels(from), out = voxels(to), half = 1 / (2 / out);
  const double slope = 2 / in * zoom * half, intercept = 2 / in * zoom * (-(1 / out - 1) * half) + (2 / in * shift + (1 / in - 1));
  const auto grid = at::linspace(-1, 1, to, at::TensorOptions(device).dtype(at::kDouble)) * (out - 1) / out * slope + intercept;
  return ((grid + 1) * in - 1) / 2;
}

bool keeps_axes_apart(const VoxelMap& map, const Sizes& size) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double sideways = 0;
    for (std::size_t other = 0; other < 3; ++other)
      if (other != axis) sideways += std::abs(map.matrix[axis][other]) * voxels(size[other] - 1);
    if (sideways > shear_kept_apart) return false;
  }
  return true;
}

// With a voxel of 0 around, what is beyond the ends is that voxel.
at::Tensor along_each_axis(const at::Tensor& data, const VoxelMap& map, const Sizes& size, bool nearest, Padding padding) {
  const int around = padding == Padding::zeros ? 1 : 0;
  auto result = data;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto dimension = static_cast<std::int64_t>(axis) + 1;
    const double zoom = map.matrix[axis][axis], shift = map.shift[axis];
    if (zoom == 1 && shift == 0 && size[axis] == data.size(dimension)) continue;
    const auto exact = positions(data.size(dimension), size[axis], zoom, shift, data.device());
    const auto from = (nearest ? exact.round() : exact).clamp(-around, voxels(data.size(dimension) - 1) + around).add(around);
    if (around) {
      auto shape = result.sizes().vec();
      shape[static_cast<std::size_t>(dimension)] = 1;
      const auto zeros = at::zeros(shape, result.options());
      result = at::cat({zeros, result, zeros}, dimension);
    }
    result = nearest ? result.index_select(dimension, from.to(at::kLong)) : linear_along(result, dimension, from);
  }
  return result;
}

// Sheared or turned: torch's grid_sample, which MONAI uses for all.
at::Tensor at_once(const at::Tensor& data, const VoxelMap& map, const Sizes& size, bool nearest, Padding padding) {
  auto theta = at::zeros({1, 3, 4}, at::kDouble);
  auto cell = theta.accessor<double, 3>();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto reversed = static_cast<std::int64_t>(2 - axis);
    const double in = voxels(data.size(static_cast<std::int64_t>(axis) + 1));
    double middle = map.shift[axis];
    for (std::size_t other = 0; other < 3; ++other) {
      cell[0][reversed][static_cast<std::int64_t>(2 - other)] = map.matrix[axis][other] * voxels(size[other]) / in;
      middle += map.matrix[axis][other] * voxels(size[other] - 1) / 2;
    }
    cell[0][reversed][3] = 2 / in * middle + (1 / in - 1);
  }
  const auto grid = at::affine_grid_generator(theta.to(data.device()), {1, 1, size[0], size[1], size[2]}, false);
  auto result = at::empty({data.size(0), size[0], size[1], size[2]}, data.options());
  constexpr std::int64_t linear_mode = 0, nearest_mode = 1, zeros = 0, border = 1;
  for (std::int64_t channel = 0; channel < data.size(0); ++channel) {
    const auto whole = data[channel].to(at::kDouble).unsqueeze(0).unsqueeze(0);
    const auto mode = nearest ? nearest_mode : linear_mode, beyond = padding == Padding::zeros ? zeros : border;
    result[channel].copy_(at::grid_sampler_3d(whole, grid, mode, beyond, false)[0][0]);
  }
  return result;
}

at::Tensor resampled(const at::Tensor& data, const VoxelMap& map, const Sizes& size, bool nearest, Padding padding) {
  return keeps_axes_apart(map, size) ? along_each_axis(data, map, size, nearest, padding) : at_once(data, map, size, nearest, padding);
}
}  // namespace

NewGrid grid_at(const Sample& sample, Sizes size, const Matrix& directions_ras, const Vector3& origin_ras) {
  return {std::move(size), map_between(sample.directions_ras, sample.origin_ras, directions_ras, origin_ras),
          map_between(directions_ras, origin_ras, sample.directions_ras, sample.origin_ras), directions_ras, origin_ras};
}

bool is_own_grid(const Sample& sample, const NewGrid& grid) {
  const auto close = [](double one, double other) { return std::abs(one - other) <= affine_tolerance + 1e-5 * std::abs(other); };
  bool same_voxel = true, same_affine = true;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (grid.size[axis] != sample.size(axis)) return false;
    same_voxel = same_voxel && close(grid.from.shift[axis], 0);
    same_affine = same_affine && close(sample.origin_ras[axis], grid.origin_ras[axis]);
    for (std::size_t other = 0; other < 3; ++other) {
      same_voxel = same_voxel && close(grid.from.matrix[axis][other], axis == other ? 1 : 0);
      same_affine = same_affine && close(sample.directions_ras[axis][other], grid.directions_ras[axis][other]);
    }
  }
  return same_voxel || same_affine;
}

void resample(Sample& sample, const NewGrid& grid, bool nearest, Padding padding) {
  const Sizes size{sample.size(0), sample.size(1), sample.size(2)};
  sample.data = resampled(sample.data.to(at::kFloat), grid.from, grid.size, nearest, padding);
  sample.directions_ras = grid.directions_ras;
  sample.origin_ras = grid.origin_ras;
  sample.undo.push_back([back = grid.back, size, nearest, padding](const at::Tensor& data, WayBack way) {
    return resampled(data, back, size, nearest || way != WayBack::as_it_came, padding);
  });
}

}  // namespace aidp
