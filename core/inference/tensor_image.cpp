// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/sample.hpp"

namespace aidp {

namespace {
at::ScalarType scalar_type(PixelType type) {
  switch (type) {
    case PixelType::uint8:
      return at::kByte;
    case PixelType::int8:
      return at::kChar;
    case PixelType::int16:
      return at::kShort;
    case PixelType::int32:
      return at::kInt;
    case PixelType::float32:
      return at::kFloat;
    case PixelType::float64:
      return at::kDouble;
    case PixelType::uint16:
      return at::kUInt16;
    case PixelType::uint32:
      return at::kUInt32;
  }
  throw Error(Reason::internal, "no such pixel type");
}

at::Tensor per_slice(const std::vector<double>& values, const at::Tensor& like) {
  std::vector<float> narrow(values.begin(), values.end());
  return at::tensor(narrow, at::kFloat).to(like.device()).reshape({-1, 1, 1, 1});
}

// [slice, row, column, sample] of real values.
at::Tensor real_values(const ImageHeader& image, const std::byte* values, const at::Device& device) {
  const auto stored =
      at::from_blob(const_cast<std::byte*>(values), {image.slices, image.rows, image.columns, image.samples}, scalar_type(image.type));
  auto real = stored.to(device).to(at::kFloat);  // as stored to a GPU: half the bytes, and it converts faster
  if (real.data_ptr() == stored.data_ptr()) real = real.clone();
  at::Tensor padded;
  if (image.padding) padded = (real >= (*image.padding)[0]).logical_and_(real <= (*image.padding)[1]);
  if (image.inverted && image.voi.empty()) real.neg_().add_(mirror_sum(image));
  const bool one = image.slope.size() == 1;
  if (one && (image.slope[0] != 1 || image.intercept[0] != 0)) real.mul_(image.slope[0]).add_(image.intercept[0]);
  if (!one) real.mul_(per_slice(image.slope, real)).add_(per_slice(image.intercept, real));
  if (!image.voi.empty()) apply_voi(real, image.voi);
  if (image.inverted && !image.voi.empty()) real.neg_().add_(1);
  if (padded.defined() && padded.any().item<bool>() && !padded.all().item<bool>())
    real.masked_fill_(padded, real.masked_select(padded.logical_not()).min());
  return real;
}

// Of a sample that nothing was done to.
std::vector<AxisMap> first_axes(bool volume) {
  return volume ? std::vector<AxisMap>{{0, 1, 0}, {1, 1, 0}, {2, 1, 0}} : std::vector<AxisMap>{{1, 1, 0}, {0, 1, 0}};
}
}  // namespace

double mirror_sum(const ImageHeader& image) {
  const bool is_signed = image.type == PixelType::int8 || image.type == PixelType::int16 || image.type == PixelType::int32;
  return is_signed ? -1 : std::ldexp(1.0, image.bits_stored) - 1;
}

std::array<double, 3> Sample::direction_ras(std::size_t axis) const {
  const auto& map = axes[axis];
  const auto column = static_cast<std::size_t>(map.source_axis);
  const auto& affine = source.affine;
  return {-map.scale * affine[column], -map.scale * affine[4 + column], map.scale * affine[8 + column]};
}

double Sample::spacing_mm(std::size_t axis) const {
  const auto direction = direction_ras(axis);
  return std::sqrt(direction[0] * direction[0] + direction[1] * direction[1] + direction[2] * direction[2]);
}

std::array<double, 3> Sample::origin_ras() const {
  std::array<double, 3> index{};
  for (const auto& map : axes) index[static_cast<std::size_t>(map.source_axis)] = map.offset;
  const auto& a = source.affine;
  const auto row = [&](std::size_t r) { return a[4 * r] * index[0] + a[4 * r + 1] * index[1] + a[4 * r + 2] * index[2] + a[4 * r + 3]; };
  return {-row(0), -row(1), row(2)};
}

Sample make_sample(const ImageHeader& image, const std::byte* values, bool volume, int channels, const at::Device& device) {
  if (image.samples != channels)
    throw Error(Reason::pixels_unsupported,
                "the image has " + std::to_string(image.samples) + " samples per pixel, the model takes " + std::to_string(channels));
  Sample sample;
  sample.source = image;
  sample.volume = volume;
  auto real = real_values(image, values, device);
  if (image.grid) {
    real = straightened(real, *image.grid);
    sample.source.slices = image.grid->slices;
    sample.source.rows = image.grid->rows;
    sample.source.columns = image.grid->columns;
    sample.source.grid.reset();
  }
  sample.axes = first_axes(volume);
  sample.data = volume ? real.permute({3, 2, 1, 0}).contiguous()             // [sample, column, row, slice]
                       : real.select(0, 0).permute({2, 0, 1}).contiguous();  // [sample, row, column]
  return sample;
}

namespace {
// Where the source's voxels along one axis lie on a sample's grid of `length`; a voxel reaches half a step to each side.
struct WayBack {
  at::Tensor position, inside;
  WayBack(const Sample& sample, std::size_t axis, std::int64_t length, const at::Device& device) {
    const auto& map = sample.axes[axis];
    const std::array<std::int64_t, 3> size{sample.source.columns, sample.source.rows, sample.source.slices};
    const auto source = at::arange(size[static_cast<std::size_t>(map.source_axis)], at::TensorOptions(device).dtype(at::kDouble));
    constexpr double edge = 0.5 + 1e-6;
    position = (source - map.offset) / map.scale;
    inside = (position >= -edge).logical_and_(position <= static_cast<double>(length) - 1 + edge);
  }
};

at::Tensor along(const at::Tensor& data, std::int64_t dimension, const WayBack& way, bool nearest) {
  const auto last = data.size(dimension) - 1;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(data.dim()), 1);
  shape[static_cast<std::size_t>(dimension)] = -1;
  const auto inside = way.inside.to(data.scalar_type()).reshape(shape);
  if (nearest) return data.index_select(dimension, way.position.round().to(at::kLong).clamp(0, last)).mul_(inside);
  return linear_along(data, dimension, way.position.clamp(0, static_cast<double>(last))).mul_(inside);
}
}  // namespace

at::Tensor to_source_grid(const at::Tensor& labels, const Sample& sample) {
  auto mask = labels;
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const auto dimension = static_cast<std::int64_t>(axis);
    mask = along(mask, dimension, WayBack(sample, axis, mask.size(dimension), mask.device()), true);
  }
  std::vector<std::int64_t> order(mask.dim() == 3 ? 3 : 2);  // tensor axes in the order slice, row, column
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis)
    order[order.size() - 1 - static_cast<std::size_t>(sample.axes[axis].source_axis)] = static_cast<std::int64_t>(axis);
  return mask.permute(order).contiguous();
}

at::Tensor invert(const at::Tensor& output, Sample& sample, bool nearest) {
  if (output.sizes().slice(1) != sample.data.sizes().slice(1))
    throw Error(Reason::model_shape, "Invert needs an output with as many voxels as the model was given");
  auto data = output;
  std::vector<std::int64_t> order(static_cast<std::size_t>(data.dim()), 0);  // the sample's axes in the order that it began with
  for (std::size_t axis = 0; axis < sample.axes.size(); ++axis) {
    const auto dimension = static_cast<std::int64_t>(axis) + 1;
    data = along(data, dimension, WayBack(sample, axis, data.size(dimension), data.device()), nearest);
    const auto source = static_cast<std::size_t>(sample.axes[axis].source_axis);
    order[sample.volume ? source + 1 : order.size() - 1 - source] = dimension;
  }
  sample.axes = first_axes(sample.volume);
  sample.data = data.permute(order).contiguous();
  return sample.data;
}

}  // namespace aidp
