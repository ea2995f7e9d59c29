// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"

namespace aidp {

void check_size(const char* codec, std::size_t columns, std::size_t rows, std::size_t samples, const InstanceHeader& header) {
  if (columns == static_cast<std::size_t>(header.columns) && rows == static_cast<std::size_t>(header.rows) &&
      samples == static_cast<std::size_t>(header.samples_per_pixel))
    return;
  throw Error(Reason::pixels_size, std::string(codec) + ": the codestream is " + std::to_string(rows) + " x " + std::to_string(columns) +
                                       " x " + std::to_string(samples) + "; the header says " + std::to_string(header.rows) + " x " +
                                       std::to_string(header.columns) + " x " + std::to_string(header.samples_per_pixel));
}

void put_wide(const char* codec, Bytes from, std::size_t from_bytes, std::size_t to_bytes, Values out) {
  const auto count = out.size() / to_bytes;
  if (from_bytes > to_bytes || from.size() < count * from_bytes)
    throw Error(Reason::pixels_size, std::string(codec) + ": its values of " + std::to_string(8 * from_bytes) +
                                         " bits do not fit BitsAllocated " + std::to_string(8 * to_bytes));
  if (from_bytes == to_bytes) {
    std::memcpy(out.data(), from.data(), out.size());
    return;
  }
  std::memset(out.data(), 0, out.size());
  for (std::size_t i = 0; i < count; ++i) std::memcpy(&out[i * to_bytes], &from[i * from_bytes], from_bytes);
}

namespace {
template <class Value>
void interleave(Bytes planes, std::size_t samples, Values out) {
  const auto pixels = out.size() / samples / sizeof(Value);
  for (std::size_t s = 0; s < samples; ++s) {
    const auto* from = planes.data() + s * pixels * sizeof(Value);
    auto* to = out.data() + s * sizeof(Value);
    for (std::size_t p = 0; p < pixels; ++p) std::memcpy(to + p * samples * sizeof(Value), from + p * sizeof(Value), sizeof(Value));
  }
}
}  // namespace

void by_pixel(Bytes planes, std::size_t samples, std::size_t value_bytes, Values out) {
  switch (value_bytes) {
    case 1:
      return interleave<std::uint8_t>(planes, samples, out);
    case 2:
      return interleave<std::uint16_t>(planes, samples, out);
    case 4:
      return interleave<std::uint32_t>(planes, samples, out);
    default:
      return interleave<std::uint64_t>(planes, samples, out);
  }
}

}  // namespace aidp
