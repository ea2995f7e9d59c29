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
}  // namespace

double mirror_sum(const ImageHeader& image) {
  const bool is_signed = image.type == PixelType::int8 || image.type == PixelType::int16 || image.type == PixelType::int32;
  return is_signed ? -1 : std::ldexp(1.0, image.bits_stored) - 1;
}

double Sample::spacing_mm(std::size_t axis) const {
  const auto& d = directions_ras[axis];
  return std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

void Sample::move_origin(std::size_t axis, double index) {
  for (std::size_t row = 0; row < 3; ++row) origin_ras[row] += directions_ras[axis][row] * index;
}

void reset_axes(Sample& sample) {
  const std::array<std::size_t, 3> columns = sample.volume ? std::array<std::size_t, 3>{0, 1, 2} : std::array<std::size_t, 3>{1, 0, 2};
  const auto& affine = sample.source.affine;
  for (std::size_t row = 0; row < 3; ++row) {
    const double sign = row < 2 ? -1 : 1;  // LPS to RAS
    for (std::size_t axis = 0; axis < 3; ++axis) sample.directions_ras[axis][row] = sign * affine[4 * row + columns[axis]];
    sample.origin_ras[row] = sign * affine[4 * row + 3];
  }
  sample.undo.clear();
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
  reset_axes(sample);
  sample.data = volume ? real.permute({3, 2, 1, 0}).contiguous()             // [sample, column, row, slice]
                       : real.select(0, 0).permute({2, 0, 1}).contiguous();  // [sample, row, column]
  return sample;
}

namespace {
at::Tensor on_source_grid(const at::Tensor& data, const Sample& sample, WayBack way) {
  auto result = data;
  for (auto undo = sample.undo.rbegin(); undo != sample.undo.rend(); ++undo) result = (*undo)(result, way);
  return result;
}
}  // namespace

at::Tensor to_source_grid(const at::Tensor& labels, const Sample& sample) {
  const auto mask = on_source_grid(labels.unsqueeze(0), sample, WayBack::centre).squeeze(0);
  return (sample.volume ? mask.permute({2, 1, 0}) : mask).contiguous();
}

at::Tensor invert(const at::Tensor& output, Sample& sample, bool nearest) {
  if (output.sizes().slice(1) != sample.data.sizes().slice(1))
    throw Error(Reason::model_shape, "Invert needs an output with as many voxels as the model was given");
  sample.data = on_source_grid(output, sample, nearest ? WayBack::nearest : WayBack::as_it_came).contiguous();
  reset_axes(sample);
  return sample.data;
}

}  // namespace aidp
