// SPDX-License-Identifier: Apache-2.0
// MONAI's Spacing with diagonal=False, as monai/data/utils.py has it (zoom_affine, compute_shape_offset): the axes keep their directions
// but for what shear there is, and the new grid begins where the old one does, or shares its centre.
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
using Sizes = std::vector<std::int64_t>;
using Matrix = std::array<Vector3, 3>;
constexpr double tolerance = 1e-3;         // monai.data.utils.AFFINE_TOL: mm, or a part of a voxel
constexpr double corner_tolerance = 1e-8;  // numpy.allclose's, in new voxels
constexpr double shear_kept_apart = 1e-4;  // voxels, from one end of the image to the other

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double voxels(std::int64_t count) { return static_cast<double>(count); }

// The directions of a sample's axes as rotation times upper: what is above the diagonal is shear. Gram-Schmidt, which is the Cholesky
// decomposition of zoom_affine.
struct Upright {
  Matrix straight{}, rotation{}, upper{};  // by axis: what is left of its direction without shear, and that of length 1

  Upright(const Sample& sample) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      straight[axis] = sample.directions_ras[axis];
      for (std::size_t before = 0; before < axis; ++before) {
        upper[before][axis] = dot(rotation[before], sample.directions_ras[axis]);
        for (std::size_t row = 0; row < 3; ++row) straight[axis][row] -= upper[before][axis] * rotation[before][row];
      }
      upper[axis][axis] = std::sqrt(dot(straight[axis], straight[axis]));
      for (std::size_t row = 0; row < 3; ++row) rotation[axis][row] = straight[axis][row] * (1 / upper[axis][axis]);
    }
  }
};

// Voxel `index` of a grid lies at matrix * index + shift of another.
struct VoxelMap {
  Matrix matrix{};
  Vector3 shift{};

  double part(std::size_t axis, const Vector3& index) const { return dot(matrix[axis], index); }
};

struct NewGrid {
  Sizes size;
  VoxelMap from, back;  // where new voxels lie on the old grid, and old ones on the new
  Matrix directions_ras{};
  Vector3 origin_ras{};
};

// The spacing of an axis after Spacing: that asked for, or its own where that is kept (pixdim of 0 or less, within the tolerance, or
// between min_pixdim and max_pixdim).
double new_spacing(double own, const Arguments& arguments, std::size_t axis) {
  double wanted = arguments.at("pixdim")[axis];
  const double low = arguments.contains("min_pixdim") ? std::min(arguments["min_pixdim"][axis].get<double>(), wanted) : wanted;
  const double high = arguments.contains("max_pixdim") ? std::max(arguments["max_pixdim"][axis].get<double>(), wanted) : wanted;
  return wanted <= 0 || (low - tolerance <= own && own <= high + tolerance) ? own : wanted;
}

// Where an axis runs along one of the world's, size and zoom are MONAI's to the last bit: halving the resolution of an even number of
// slices ends on half a voxel, every second voxel lies half-way between two of twice the size, and there its rounding errors decide. They
// are those of a solver that multiplies by reciprocals.
struct ZoomOfAxis {
  double zoom, back;
  std::int64_t size;

  ZoomOfAxis(const Sample& sample, const Upright& upright, std::size_t axis, double spacing) {
    const auto& straight = upright.straight[axis];
    const auto row =
        static_cast<std::size_t>(std::ranges::max_element(straight, {}, [](double part) { return std::abs(part); }) - straight.begin());
    const double stepped = upright.rotation[axis][row] * spacing;
    zoom = stepped * (1 / straight[row]);
    back = straight[row] * (1 / (straight[row] * zoom));
    const double first = sample.origin_ras[row] * (1 / stepped);
    double extent = voxels(sample.size(axis) - 1) * (straight[row] * (1 / stepped));
    for (std::size_t other = axis + 1; other < 3; ++other)
      extent += std::abs(upright.upper[axis][other]) / spacing * voxels(sample.size(other) - 1);
    const double last = extent + first;
    size = static_cast<std::int64_t>(std::nearbyint(std::abs(last - first) + 1));
  }
};

// Whether the first voxel is the least along each new axis, so that the new grid begins there. With direction cosines of few digits the
// axes are not quite at right angles, and mostly it is not: then MONAI centres the new grid on the old.
bool begins_at_first_voxel(const Sample& sample, const Upright& upright, const Vector3& spacing) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double least = 0;
    for (std::size_t other = axis + 1; other < 3; ++other)
      least += std::min(0.0, upright.upper[axis][other] / spacing[axis] * voxels(sample.size(other) - 1));
    if (least < -corner_tolerance) return false;
  }
  return true;
}

// The inverse of upper, times diag(spacing): `diagonal` is its own.
Matrix zoom_of(const Matrix& upper, const Vector3& diagonal) {
  Matrix zoom{};
  for (std::size_t column = 0; column < 3; ++column) {
    zoom[column][column] = diagonal[column];
    for (std::size_t axis = column; axis-- > 0;) {
      double sum = 0;
      for (std::size_t other = axis + 1; other <= column; ++other) sum += upper[axis][other] * zoom[other][column];
      zoom[axis][column] = -sum / upper[axis][axis];
    }
  }
  return zoom;
}

NewGrid new_grid(const Sample& sample, const Arguments& arguments) {
  const Upright upright(sample);
  NewGrid grid;
  Vector3 spacing{}, zoom{}, middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    spacing[axis] = new_spacing(sample.spacing_mm(axis), arguments, axis);
    const ZoomOfAxis along(sample, upright, axis, spacing[axis]);
    grid.size.push_back(along.size);
    middle[axis] = voxels(along.size) / 2;
    zoom[axis] = along.zoom;
    grid.back.matrix[axis][axis] = along.back;
    for (std::size_t other = axis + 1; other < 3; ++other) grid.back.matrix[axis][other] = upright.upper[axis][other] / spacing[axis];
  }
  grid.from.matrix = zoom_of(upright.upper, zoom);
  if (!begins_at_first_voxel(sample, upright, spacing))
    for (std::size_t axis = 0; axis < 3; ++axis) grid.from.shift[axis] = voxels(sample.size(axis)) / 2 - grid.from.part(axis, middle);
  grid.origin_ras = sample.origin_ras;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    grid.back.shift[axis] = 0 - grid.back.part(axis, grid.from.shift);
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t old = 0; old <= axis; ++old)
        grid.directions_ras[axis][row] += sample.directions_ras[old][row] * grid.from.matrix[old][axis];
      grid.origin_ras[row] += sample.directions_ras[axis][row] * grid.from.shift[axis];
    }
  }
  return grid;
}

// MONAI leaves an image whose grid would hardly change as it is.
bool unchanged(const Sample& sample, const NewGrid& grid) {
  const auto close = [](double one, double other) { return std::abs(one - other) <= tolerance + 1e-5 * std::abs(other); };
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

// Source positions of `to` voxels; beyond the ends the end itself (padding_mode border). In the steps of MONAI's AffineTransform, through
// torch's normalised coordinates, so that `nearest` finds the same side of a tie.
at::Tensor positions(std::int64_t from, std::int64_t to, double zoom, double shift, const at::Device& device) {
  const double in = voxels(from), out = voxels(to), half = 1 / (2 / out);
  const double slope = 2 / in * zoom * half, intercept = 2 / in * zoom * (-(1 / out - 1) * half) + (2 / in * shift + (1 / in - 1));
  const auto grid = at::linspace(-1, 1, to, at::TensorOptions(device).dtype(at::kDouble)) * (out - 1) / out * slope + intercept;
  return (((grid + 1) * in - 1) / 2).clamp_(0, in - 1);
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

at::Tensor along_each_axis(const at::Tensor& data, const VoxelMap& map, const Sizes& size, bool nearest) {
  auto result = data;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto dimension = static_cast<std::int64_t>(axis) + 1;
    const double zoom = map.matrix[axis][axis], shift = map.shift[axis];
    if (zoom == 1 && shift == 0 && size[axis] == data.size(dimension)) continue;
    const auto from = positions(data.size(dimension), size[axis], zoom, shift, data.device());
    result = nearest ? result.index_select(dimension, from.round().to(at::kLong)) : linear_along(result, dimension, from);
  }
  return result;
}

// Sheared: torch's grid_sample, which MONAI uses for all.
at::Tensor at_once(const at::Tensor& data, const VoxelMap& map, const Sizes& size, bool nearest) {
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
  constexpr std::int64_t linear_mode = 0, nearest_mode = 1, border = 1;
  for (std::int64_t channel = 0; channel < data.size(0); ++channel) {
    const auto whole = data[channel].to(at::kDouble).unsqueeze(0).unsqueeze(0);
    result[channel].copy_(at::grid_sampler_3d(whole, grid, nearest ? nearest_mode : linear_mode, border, false)[0][0]);
  }
  return result;
}

at::Tensor resampled(const at::Tensor& data, const VoxelMap& map, const Sizes& size, bool nearest) {
  return keeps_axes_apart(map, size) ? along_each_axis(data, map, size, nearest) : at_once(data, map, size, nearest);
}
}  // namespace

void spacing(Sample& sample, const Arguments& arguments) {
  if (!sample.source.has_geometry)
    throw Error(Reason::geometry_missing, "Spacing needs PixelSpacing and ImagePositionPatient, which the series does not have");
  const auto grid = new_grid(sample, arguments);
  sample.data = sample.data.to(at::kFloat);
  if (unchanged(sample, grid)) return;
  const bool nearest = arguments.value("mode", "bilinear") == "nearest";
  const Sizes size{sample.size(0), sample.size(1), sample.size(2)};
  sample.data = resampled(sample.data, grid.from, grid.size, nearest);
  sample.directions_ras = grid.directions_ras;
  sample.origin_ras = grid.origin_ras;
  sample.undo.push_back([back = grid.back, size, nearest](const at::Tensor& data, WayBack way) {
    return resampled(data, back, size, nearest || way != WayBack::as_it_came);
  });
}

}  // namespace aidp
