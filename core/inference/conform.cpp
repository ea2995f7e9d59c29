// SPDX-License-Identifier: Apache-2.0
// A grid of given size, spacing and orientation along the world's axes around the centre of the image, as `mri_convert --conform` of
// FreeSurfer makes it: voxel size / 2 of the new grid lies where voxel size / 2 of the old one does (c_ras).
#include "core/base/error.hpp"
#include "core/inference/grid.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
// The world's axis that a letter of axcodes names, and whether it runs along it.
std::pair<std::size_t, double> world_axis(char code) {
  const std::string_view with = "RAS", against = "LPI";
  const auto along = with.find(code);
  return along != std::string_view::npos ? std::pair(along, 1.0) : std::pair(against.find(code), -1.0);
}
}  // namespace

void conform(Sample& sample, const Arguments& arguments) {
  if (!sample.source.has_geometry)
    throw Error(Reason::geometry_missing, "Conform needs PixelSpacing and ImagePositionPatient, which the series does not have");
  const auto codes = arguments.at("axcodes").get<std::string>();
  const auto size = arguments.at("spatial_size").get<Sizes>();
  Matrix directions{};
  auto origin = sample.origin_ras;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto [row, sign] = world_axis(codes[axis]);
    directions[axis][row] = sign * arguments.at("pixdim")[axis].get<double>();
    origin[row] -= directions[axis][row] * voxels(size[axis]) / 2;
    for (std::size_t each = 0; each < 3; ++each) origin[each] += sample.directions_ras[axis][each] * voxels(sample.size(axis)) / 2;
  }
  resample(sample, grid_at(sample, size, directions, origin), arguments.value("mode", "bilinear") == "nearest", Padding::zeros);
}

}  // namespace aidp
