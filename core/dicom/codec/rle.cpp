// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"

namespace aidp {

namespace {
constexpr std::size_t header_bytes = 64;
constexpr std::size_t segments_at_most = 15;

[[noreturn]] void corrupt(const char* what) { throw Error(Reason::pixels_corrupt, std::string("RLE: ") + what); }

std::uint32_t word(const std::string& bytes, std::size_t at) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// PackBits: writes `count` bytes, every `stride`th byte of `out`.
void unpack(std::string_view in, std::byte* out, std::size_t count, std::size_t stride) {
  std::size_t done = 0;
  for (std::size_t at = 0; done < count;) {
    if (at + 1 >= in.size()) corrupt("a segment ends too early");
    const auto control = static_cast<signed char>(in[at++]);
    if (control == -128) continue;
    const std::size_t length = control >= 0 ? static_cast<std::size_t>(control) + 1 : static_cast<std::size_t>(-control) + 1;
    if (control >= 0 && at + length > in.size()) corrupt("a literal run ends too early");
    for (std::size_t i = 0; i < length && done < count; ++i) out[stride * done++] = static_cast<std::byte>(in[control >= 0 ? at + i : at]);
    at += control >= 0 ? length : 1;
  }
}
}  // namespace

void decode_rle(const std::string& encoded, const InstanceHeader& header, std::span<std::byte> out) {
  if (encoded.size() < header_bytes) corrupt("no room for the header");
  const std::size_t value_bytes = static_cast<std::size_t>(header.bits_allocated) / 8,
                    samples = static_cast<std::size_t>(header.samples_per_pixel);
  const std::size_t segments = word(encoded, 0), pixels = static_cast<std::size_t>(header.rows * header.columns);
  if (segments != value_bytes * samples || segments > segments_at_most) corrupt("the number of segments does not fit the image");
  for (std::size_t s = 0; s < segments; ++s) {
    const std::size_t begin = word(encoded, 4 + 4 * s), end = s + 1 < segments ? word(encoded, 8 + 4 * s) : encoded.size();
    if (begin < header_bytes || begin > end || end > encoded.size()) corrupt("a segment lies outside the frame");
    // Segments hold the bytes of a value from the most significant to the least, sample by sample.
    const auto sample = s / value_bytes, byte = value_bytes - 1 - s % value_bytes;
    unpack(std::string_view(encoded).substr(begin, end - begin), out.data() + sample * value_bytes + byte, pixels, samples * value_bytes);
  }
}

}  // namespace aidp
