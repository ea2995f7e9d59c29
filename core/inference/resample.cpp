// SPDX-License-Identifier: Apache-2.0
// Spacing and Resize: new voxels between the old ones.
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
constexpr double tolerance = 1e-3;  // monai.data.utils.AFFINE_TOL: mm, or a part of a voxel

// Source positions of `to` voxels that step by `zoom` from the first of `from`; beyond the ends the end itself (padding_mode border). In
// the steps of MONAI's AffineTransform, through torch's normalised coordinates, so that `nearest` finds the same side of a tie.
at::Tensor positions(std::int64_t from, std::int64_t to, double zoom, const at::Device& device) {
  const auto in = static_cast<double>(from), out = static_cast<double>(to);
  const double slope = 2 / in * zoom * (out / 2), intercept = 2 / in * zoom * ((out - 1) / 2) + (1 / in - 1);
  const auto grid = at::linspace(-1, 1, to, at::TensorOptions(device).dtype(at::kDouble)) * ((out - 1) / out) * slope + intercept;
  return (((grid + 1) * in - 1) / 2).clamp_(0, in - 1);
}

// The spacing of an axis after Spacing: that asked for, or its own where that is kept (pixdim of 0 or less, within the tolerance, or
// between min_pixdim and max_pixdim).
double new_spacing(double own, const Arguments& arguments, std::size_t axis) {
  double wanted = arguments.at("pixdim")[axis];
  const double low = arguments.contains("min_pixdim") ? std::min(arguments["min_pixdim"][axis].get<double>(), wanted) : wanted;
  const double high = arguments.contains("max_pixdim") ? std::max(arguments["max_pixdim"][axis].get<double>(), wanted) : wanted;
  return wanted <= 0 || (low - tolerance <= own && own <= high + tolerance) ? own : wanted;
}

// compute_shape_offset with scale_extent=False, to the last bit where axes run along the world's: halving the resolution of an even number
// of slices ends on half a voxel, and there MONAI's rounding errors decide.
std::int64_t new_size(const Sample& sample, std::size_t axis, double own, double wanted) {
  const auto direction = sample.direction_ras(axis);
  const auto row =
      static_cast<std::size_t>(std::ranges::max_element(direction, {}, [](double part) { return std::abs(part); }) - direction.begin());
  const double inverse = 1 / (direction[row] * (1 / own) * wanted);
  const double first = sample.origin_ras()[row] * inverse;
  const double step = direction[row] * inverse;
  const double extent = static_cast<double>(sample.size(axis) - 1) * step;
  const double last = extent + first;
  return static_cast<std::int64_t>(std::nearbyint(std::abs(last - first) + 1));
}

// MONAI leaves an image whose grid would hardly change as it is.
bool unchanged(const Sample& sample, const std::vector<double>& zoom, const Sizes& size) {
  bool same_size = true, same_voxel = true, same_affine = true;
  for (std::size_t axis = 0; axis < zoom.size(); ++axis) {
    same_size = same_size && size[axis] == sample.size(axis);
    same_voxel = same_voxel && std::abs(zoom[axis] - 1) <= tolerance;
    for (const double part : sample.direction_ras(axis)) same_affine = same_affine && std::abs(part * (zoom[axis] - 1)) <= tolerance;
  }
  return same_size && (same_voxel || same_affine);
}

// MONAI's Spacing with diagonal=False: the axes keep their directions, the first voxel's centre stays where it is, the size is that of
// compute_shape_offset.
void spacing(Sample& sample, const Arguments& arguments) {
  if (!sample.source.has_geometry)
    throw Error(Reason::geometry_missing, "Spacing needs PixelSpacing and ImagePositionPatient, which the series does not have");
  std::vector<double> zoom;
  Sizes size;
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const double own = sample.spacing_mm(axis), wanted = new_spacing(own, arguments, axis);
    zoom.push_back(wanted / own);
    size.push_back(new_size(sample, axis, own, wanted));
  }
  sample.data = sample.data.to(at::kFloat);
  if (unchanged(sample, zoom, size)) return;
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    if (zoom[axis] == 1) continue;
    const auto dimension = static_cast<std::int64_t>(axis) + 1;
    const auto from = positions(sample.size(axis), size[axis], zoom[axis], sample.data.device());
    sample.data = arguments.value("mode", "bilinear") == "nearest" ? sample.data.index_select(dimension, from.round().to(at::kLong))
                                                                   : linear_along(sample.data, dimension, from);
    sample.axes[axis].scale *= zoom[axis];
  }
}

Sizes size_of(const Sample& sample, const Arguments& arguments) {
  auto size = arguments.at("spatial_size").get<Sizes>();
  const bool longest = arguments.value("size_mode", "all") == "longest";
  std::int64_t largest = 0;
  for (std::size_t axis = 0; axis < size.size(); ++axis) largest = std::max(largest, sample.size(axis));
  for (std::size_t axis = 0; axis < size.size(); ++axis) {
    const double scale = static_cast<double>(size[0]) / static_cast<double>(largest);
    if (longest) size[axis] = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(sample.size(axis)) * scale));
    if (size[axis] <= 0) size[axis] = sample.size(axis);
  }
  return size;
}

at::Tensor interpolate(const at::Tensor& batch, const Sizes& size, const std::string& mode, bool align_corners) {
  const bool flat = size.size() == 2;
  if (mode == "area") return flat ? at::adaptive_avg_pool2d(batch, size) : at::adaptive_avg_pool3d(batch, size);
  if (mode == "nearest") return flat ? at::upsample_nearest2d(batch, size) : at::upsample_nearest3d(batch, size);
  if (mode == "nearest-exact") return flat ? at::_upsample_nearest_exact2d(batch, size) : at::_upsample_nearest_exact3d(batch, size);
  return flat ? at::upsample_bilinear2d(batch, size, align_corners) : at::upsample_trilinear3d(batch, size, align_corners);
}

// torch.nn.functional.interpolate, as MONAI's Resize. The edges of the image stay where they are, or with align_corners the centres of its
// first and last voxel.
void resize(Sample& sample, const Arguments& arguments) {
  const auto size = size_of(sample, arguments);
  const bool align_corners = arguments.value("align_corners", false);
  bool same = true;
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const auto from = static_cast<double>(sample.size(axis)), to = static_cast<double>(size[axis]);
    const bool corners = align_corners && size[axis] > 1;
    const double zoom = corners ? (from - 1) / (to - 1) : from / to;
    same = same && size[axis] == sample.size(axis);
    sample.axes[axis].offset += corners ? 0 : sample.axes[axis].scale * (zoom - 1) / 2;
    sample.axes[axis].scale *= zoom;
  }
  sample.data = sample.data.to(at::kFloat);
  if (!same)
    sample.data = interpolate(sample.data.unsqueeze(0), size, arguments.value("mode", "area"), align_corners).squeeze(0).contiguous();
}
}  // namespace

const Transforms& resample_transforms() {
  static const Transforms transforms{{"Spacing", spacing}, {"Resize", resize}};
  return transforms;
}

}  // namespace aidp
