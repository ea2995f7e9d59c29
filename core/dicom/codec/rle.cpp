// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

namespace {
constexpr std::size_t header_bytes = 64;
constexpr std::size_t segments_at_most = 15;

[[noreturn]] void corrupt(const char* what) { throw Error(Reason::pixels_corrupt, std::string("RLE: ") + what); }

std::uint32_t word(Bytes bytes, std::size_t at) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// How many values the runs of a segment hold from a place on; the last byte may be padding.
std::size_t values_from(Bytes in, std::size_t at) {
  std::size_t count = 0;
  while (at + 1 < in.size()) {
    const auto control = static_cast<signed char>(in[at]);
    const auto length = static_cast<std::size_t>(std::abs(control)) + 1;
    if (control != -128) count += length;
    at += control == -128 ? 1 : control < 0 ? 2 : length + 1;
  }
  return count;
}

// PackBits (annex G.3.1). Runs may reach beyond the end of the plane, but not by `row` values: then there is more than the header says.
void unpack(Bytes in, Values plane, std::size_t row) {
  std::size_t done = 0, at = 0, surplus = 0;
  while (done < plane.size()) {
    if (at + 1 >= in.size()) corrupt("a segment ends too early");
    const auto control = static_cast<signed char>(in[at++]);
    if (control == -128) continue;
    const std::size_t length = control >= 0 ? static_cast<std::size_t>(control) + 1 : static_cast<std::size_t>(-control) + 1;
    const std::size_t count = std::min(length, plane.size() - done);
    surplus = length - count;
    if (control < 0) {
      std::memset(&plane[done], std::to_integer<int>(in[at++]), count);
    } else {
      if (at + count > in.size()) corrupt("a literal run ends too early");
      std::memcpy(&plane[done], &in[at], count);
      at += length;
    }
    done += count;
  }
  surplus += at < in.size() ? values_from(in, at) : 0;
  if (surplus >= row)
    throw Error(Reason::pixels_size, "RLE: there are " + std::to_string(plane.size() + surplus) + " values where the header implies " +
                                         std::to_string(plane.size()));
}

// The most and the least significant bytes of values of 16 bits.
void zip(const std::byte* planes, std::size_t count, Values out) {
  const auto* high = planes;
  const auto* low = planes + count;
  for (std::size_t p = 0; p < count; ++p) {
    out[2 * p] = low[p];
    out[2 * p + 1] = high[p];
  }
}

Bytes segment(Bytes encoded, std::size_t index, std::size_t segments) {
  const std::size_t begin = word(encoded, 4 + 4 * index), end = index + 1 < segments ? word(encoded, 8 + 4 * index) : encoded.size();
  if (begin < header_bytes || begin > end || end > encoded.size()) corrupt("a segment lies outside the frame");
  return encoded.subspan(begin, end - begin);
}
}  // namespace

// Segments hold the bytes of a value from the most significant to the least, sample by sample.
Colour decode_rle(Bytes encoded, const InstanceHeader& header, Values out) {
  if (encoded.size() < header_bytes) corrupt("no room for the header");
  const std::size_t bytes = value_bytes(header), samples = static_cast<std::size_t>(header.samples_per_pixel);
  const std::size_t segments = word(encoded, 0), row = std::max<std::size_t>(static_cast<std::size_t>(header.columns), 2);
  if (segments != bytes * samples || segments > segments_at_most) corrupt("the number of segments does not fit the image");
  if (segments == 1 && header.bits_allocated > 1) {
    unpack(segment(encoded, 0, 1), out, row);
    return Colour::as_header;
  }
  const std::size_t plane_bytes = header.bits_allocated == 1 ? (out.size() + 7) / 8 : out.size() / segments;
  const auto planes = std::make_unique_for_overwrite<std::byte[]>(plane_bytes * segments);
  for (std::size_t s = 0; s < segments; ++s) unpack(segment(encoded, s, segments), {&planes[s * plane_bytes], plane_bytes}, row);
  if (header.bits_allocated == 1)
    unpack_native({planes.get(), plane_bytes}, 0, header, out);
  else if (segments == 2)
    zip(planes.get(), plane_bytes, out);
  else
    for (std::size_t s = 0; s < segments; ++s)
      for (std::size_t p = 0; p < plane_bytes; ++p)
        out[p * segments + s / bytes * bytes + (bytes - 1 - s % bytes)] = planes[s * plane_bytes + p];
  return Colour::as_header;
}

}  // namespace aidp
