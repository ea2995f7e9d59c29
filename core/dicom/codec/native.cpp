// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

namespace {
// The first value is in the least significant bit; frames follow each other without a gap (PS3.5 8.1.1, D).
void unpack_bits(Bytes values, std::uint64_t first_bit, Values out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto bit = first_bit + i;
    out[i] = (values[static_cast<std::size_t>(bit / 8)] >> (bit % 8)) & std::byte{1};
  }
}

// Y Y Cb Cr for two pixels of a row (PS3.3 C.7.6.3.1.2); each is given the colour of both.
void double_chroma(Bytes values, std::size_t value_bytes, Values out) {
  const auto copy = [&](std::size_t to, std::size_t from) {
    std::memcpy(&out[to * value_bytes], &values[from * value_bytes], value_bytes);
  };
  for (std::size_t pair = 0; pair * 6 * value_bytes + 6 * value_bytes <= out.size(); ++pair) {
    for (std::size_t pixel = 0; pixel < 2; ++pixel) {
      copy(pair * 6 + pixel * 3, pair * 4 + pixel);
      copy(pair * 6 + pixel * 3 + 1, pair * 4 + 2);
      copy(pair * 6 + pixel * 3 + 2, pair * 4 + 3);
    }
  }
}
}  // namespace

void unpack_native(Bytes values, std::uint64_t first_bit, const InstanceHeader& header, Values out) {
  const auto bits = native_frame_bits(header);
  if (first_bit + bits > 8 * static_cast<std::uint64_t>(values.size()))
    throw Error(Reason::pixels_size, "the pixel data has " + std::to_string(values.size()) + " bytes; the header implies at least " +
                                         std::to_string((first_bit + bits + 7) / 8));
  if (header.bits_allocated == 1) return unpack_bits(values, first_bit, out);
  const auto source = values.subspan(static_cast<std::size_t>(first_bit / 8), static_cast<std::size_t>(bits / 8));
  const auto bytes = value_bytes(header);
  if (source.size() < out.size()) {
    if (header.columns % 2 != 0) throw Error(Reason::pixels_size, "YBR_FULL_422 with an odd number of Columns");
    return double_chroma(source, bytes, out);
  }
  if (header.planar_configuration == 1 && header.samples_per_pixel > 1)
    return by_pixel(source, static_cast<std::size_t>(header.samples_per_pixel), bytes, out);
  std::memcpy(out.data(), source.data(), out.size());
}

}  // namespace aidp
