// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstring>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/file.hpp"

namespace aidp {

namespace {
std::span<const std::byte> values_of(const DicomFile& file) {
  if (!file.plain_pixels().empty()) return file.plain_pixels();
  auto& dataset = file.dataset();
  DcmElement* element = nullptr;
  if (dataset.findAndGetElement(DCM_PixelData, element).bad() || !element) throw Error(Reason::pixels_size, "there is no PixelData");
  Uint8* octets = nullptr;
  Uint16* words = nullptr;
  const auto length = static_cast<std::size_t>(element->getLength());
  if (element->getUint8Array(octets).good() && octets) return {reinterpret_cast<const std::byte*>(octets), length};
  if (element->getUint16Array(words).good() && words) return {reinterpret_cast<const std::byte*>(words), length};
  throw Error(Reason::pixels_size, "PixelData is empty or of an unknown kind");
}

// [sample][row][column] (PlanarConfiguration 1) to [row][column][sample].
void by_pixel(std::span<const std::byte> planes, std::size_t samples, std::size_t value_bytes, std::span<std::byte> out) {
  const auto pixels = out.size() / samples / value_bytes;
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t p = 0; p < pixels; ++p)
      std::memcpy(&out[(p * samples + s) * value_bytes], &planes[(s * pixels + p) * value_bytes], value_bytes);
}
}  // namespace

void decode_native(const DicomFile& file, std::int64_t frame, const InstanceHeader& header, bool big_endian, std::span<std::byte> out) {
  const auto values = values_of(file);
  const auto end = (static_cast<std::uint64_t>(frame) + 1) * out.size();
  const auto all = static_cast<std::uint64_t>(header.number_of_frames) * out.size();
  if (values.size() < all || end > values.size())
    throw Error(Reason::pixels_size, "PixelData has " + std::to_string(values.size()) + " bytes, the header says " + std::to_string(all));
  const auto source = values.subspan(static_cast<std::size_t>(end) - out.size(), out.size());
  Uint16 planar = 0;
  if (header.samples_per_pixel > 1 && file.dataset().findAndGetUint16(DCM_PlanarConfiguration, planar).good() && planar == 1)
    by_pixel(source, static_cast<std::size_t>(header.samples_per_pixel), static_cast<std::size_t>(header.bits_allocated) / 8, out);
  else
    std::memcpy(out.data(), source.data(), out.size());
  if (!big_endian || header.bits_allocated != 32) return;
  // DCMTK swaps OW as 16-bit words: the halves of a 32-bit value still stand in big-endian order.
  for (std::size_t i = 0; i + 4 <= out.size(); i += 4) {
    std::swap(out[i], out[i + 2]);
    std::swap(out[i + 1], out[i + 3]);
  }
}

}  // namespace aidp
