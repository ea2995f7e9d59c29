// SPDX-License-Identifier: Apache-2.0
// MONAI's Spacing, as monai/data/utils.py has it (zoom_affine, compute_shape_offset): the axes keep their directions but for what shear
// there is, and the new grid begins where the old one does, or shares its centre. With diagonal the axes are the world's.
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/grid.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
constexpr double corner_tolerance = 1e-8;  // numpy.allclose's, in new voxels

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

// The spacing of an axis after Spacing: that asked for, or its own where that is kept (pixdim of 0 or less, within the tolerance, or
// between min_pixdim and max_pixdim).
double new_spacing(double own, const Arguments& arguments, std::size_t axis) {
  double wanted = arguments.at("pixdim")[axis];
  const double low = arguments.contains("min_pixdim") ? std::min(arguments["min_pixdim"][axis].get<double>(), wanted) : wanted;
  const double high = arguments.contains("max_pixdim") ? std::max(arguments["max_pixdim"][axis].get<double>(), wanted) : wanted;
  return wanted <= 0 || (low - affine_tolerance <= own && own <= high + affine_tolerance) ? own : wanted;
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

NewGrid upright_grid(const Sample& sample, const Upright& upright, const Vector3& spacing) {
  NewGrid grid;
  Vector3 zoom{}, middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
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

bool runs_along_the_world(const Upright& upright) {
  return upright.rotation == Matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}} && upright.upper[0][1] == 0 && upright.upper[0][2] == 0 &&
         upright.upper[1][2] == 0;
}

// Where each corner of the image lies along the world's axes, in steps of `spacing` from the origin; the last axis fastest.
std::vector<Vector3> corners(const Sample& sample, const Vector3& spacing) {
  std::vector<Vector3> all;
  for (std::size_t corner = 0; corner < 8; ++corner) {
    Vector3 place{};
    for (std::size_t axis = 0; axis < 3; ++axis)
      for (std::size_t row = 0; row < 3; ++row)
        if (corner >> (2 - axis) & 1) place[row] += voxels(sample.size(axis) - 1) * sample.directions_ras[axis][row] / spacing[row];
    all.push_back(place);
  }
  return all;
}

// The grid along the world's axes that holds the image: from its least corner, if one is the least along all of them, else around its
// centre.
NewGrid diagonal_grid(const Sample& sample, const Vector3& spacing) {
  const auto places = corners(sample, spacing);
  Vector3 least = places.front(), most = places.front();
  for (const auto& place : places)
    for (std::size_t row = 0; row < 3; ++row) {
      least[row] = std::min(least[row], place[row]);
      most[row] = std::max(most[row], place[row]);
    }
  const auto first = std::ranges::find_if(places, [&](const Vector3& place) {
    return std::ranges::equal(place, least, [](double own, double lowest) { return own - lowest <= corner_tolerance; });
  });
  Sizes size;
  Matrix directions{};
  auto origin = sample.origin_ras;
  for (std::size_t row = 0; row < 3; ++row) {
    size.push_back(static_cast<std::int64_t>(std::nearbyint(most[row] - least[row] + 1)));
    directions[row][row] = spacing[row];
    if (first != places.end())
      origin[row] += (*first)[row] * spacing[row];
    else
      for (std::size_t axis = 0; axis < 3; ++axis) origin[row] += sample.directions_ras[axis][row] * voxels(sample.size(axis)) / 2;
    if (first == places.end()) origin[row] -= spacing[row] * voxels(size[row]) / 2;
  }
  return grid_at(sample, size, directions, origin);
}
}  // namespace

void spacing(Sample& sample, const Arguments& arguments) {
  if (!sample.source.has_geometry)
    throw Error(Reason::geometry_missing, "Spacing needs PixelSpacing and ImagePositionPatient, which the series does not have");
  const Upright upright(sample);
  Vector3 spacing{};
  for (std::size_t axis = 0; axis < 3; ++axis) spacing[axis] = new_spacing(sample.spacing_mm(axis), arguments, axis);
  const bool turned = arguments.value("diagonal", false) && !runs_along_the_world(upright);
  const auto grid = turned ? diagonal_grid(sample, spacing) : upright_grid(sample, upright, spacing);
  sample.data = sample.data.to(at::kFloat);
  if (!is_own_grid(sample, grid)) resample(sample, grid, arguments.value("mode", "bilinear") == "nearest", Padding::border);
}

}  // namespace aidp
