// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/form.hpp"

#include <algorithm>
#include <vector>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::uint64_t frame_bytes_at_most = std::uint64_t{256} << 20;

std::uint64_t pixels_of(const InstanceHeader& header) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(header.rows, 0)) *
         static_cast<std::uint64_t>(std::max<std::int64_t>(header.columns, 0));
}

PixelType stored_type(const InstanceHeader& header) {
  const bool is_signed = header.pixel_representation == 1;
  if (header.floating) return header.bits_allocated > 32 ? PixelType::float64 : PixelType::float32;
  if (header.bits_allocated <= 8) return is_signed ? PixelType::int8 : PixelType::uint8;
  if (header.bits_allocated <= 16) return is_signed ? PixelType::int16 : PixelType::uint16;
  return is_signed ? PixelType::int32 : PixelType::uint32;
}

FrameForm form(const InstanceHeader& header, PixelType type, int samples) {
  return {type, samples, pixels_of(header) * static_cast<std::uint64_t>(std::max(samples, 0)) * bytes_of(type)};
}
}  // namespace

FrameForm stored_form(const InstanceHeader& header) { return form(header, stored_type(header), header.samples_per_pixel); }

FrameForm decoded_form(const InstanceHeader& header) {
  if (header.palette_bits > 0) return form(header, header.palette_bits <= 8 ? PixelType::uint8 : PixelType::uint16, 3);
  if (header.modality_lut_bits == 0) return stored_form(header);
  // The outputs of a modality LUT are unsigned (PS3.3 C.11.1.1.1); padding has a value beyond them all.
  if (header.has_padding) return form(header, PixelType::uint32, 1);
  return form(header, header.modality_lut_bits <= 8 ? PixelType::uint8 : PixelType::uint16, 1);
}

std::uint64_t native_frame_bits(const InstanceHeader& header) {
  const auto samples = static_cast<std::uint64_t>(std::max(header.samples_per_pixel, 0));
  const auto bits = static_cast<std::uint64_t>(std::max(header.bits_allocated, 0));
  const bool halved = header.photometric_interpretation == "YBR_FULL_422" && samples == 3;
  return pixels_of(header) * (halved ? 2 : samples) * bits;
}

std::string lacking_sizes(const InstanceHeader& header) {
  std::vector<std::string> lacking;
  if (header.rows == 0) lacking.emplace_back("Rows");
  if (header.columns == 0) lacking.emplace_back("Columns");
  if (header.bits_allocated == 0) lacking.emplace_back("BitsAllocated");
  return join(lacking, ", ");
}

std::optional<Error> too_large(const InstanceHeader& header) {
  if (std::max(stored_form(header).bytes, decoded_form(header).bytes) <= frame_bytes_at_most) return {};
  return Error(Reason::pixels_limit, "a frame of " + std::to_string(header.rows) + " x " + std::to_string(header.columns) +
                                         " (Rows, Columns) is larger than the limit of 256 MiB");
}

std::size_t value_bytes(const InstanceHeader& header) { return bytes_of(stored_type(header)); }

}  // namespace aidp
