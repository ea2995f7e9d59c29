// SPDX-License-Identifier: Apache-2.0
#include <charls/charls.h>

#include <vector>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"

namespace aidp {

namespace {
// [sample][row][column] to [row][column][sample].
void interleave(const std::vector<std::byte>& planes, std::size_t samples, std::size_t value_bytes, std::span<std::byte> out) {
  const auto pixels = out.size() / samples / value_bytes;
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t p = 0; p < pixels; ++p)
      for (std::size_t b = 0; b < value_bytes; ++b) out[(p * samples + s) * value_bytes + b] = planes[(s * pixels + p) * value_bytes + b];
}
}  // namespace

void decode_jpeg_ls(const std::string& encoded, const InstanceHeader& header, std::span<std::byte> out) try {
  charls::jpegls_decoder decoder;
  decoder.source(encoded.data(), encoded.size());
  decoder.read_header();
  const auto& info = decoder.frame_info();
  check_size("JPEG-LS", info.width, info.height, static_cast<std::size_t>(info.component_count), header);
  const std::size_t value_bytes = info.bits_per_sample <= 8 ? 1 : 2, wanted_bytes = static_cast<std::size_t>(header.bits_allocated) / 8;
  const auto samples = static_cast<std::size_t>(info.component_count);
  std::vector<std::byte> decoded(decoder.destination_size());
  decoder.decode(decoded.data(), decoded.size());
  if (value_bytes == 1 && wanted_bytes == 2) {  // 8-bit codestream in 16-bit cells
    std::vector<std::byte> wide(2 * decoded.size());
    for (std::size_t i = 0; i < decoded.size(); ++i) wide[2 * i] = decoded[i];
    decoded = std::move(wide);
  } else if (value_bytes != wanted_bytes) {
    throw Error(Reason::pixels_size, "JPEG-LS: " + std::to_string(info.bits_per_sample) + " bits do not fit BitsAllocated " +
                                         std::to_string(header.bits_allocated));
  }
  if (samples > 1 && decoder.interleave_mode() == charls::interleave_mode::none)
    interleave(decoded, samples, wanted_bytes, out);
  else
    std::copy(decoded.begin(), decoded.end(), out.begin());
} catch (const charls::jpegls_error& error) {
  throw Error(Reason::pixels_corrupt, std::string("JPEG-LS: ") + error.what());
}

}  // namespace aidp
