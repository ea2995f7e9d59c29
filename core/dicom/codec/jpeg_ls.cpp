// SPDX-License-Identifier: Apache-2.0
#include <charls/charls.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"
#include "core/dicom/codec/stored.hpp"

namespace aidp {

namespace {
void decode_stream(Bytes encoded, const InstanceHeader& header, Values out) {
  charls::jpegls_decoder decoder;
  decoder.source(encoded.data(), encoded.size());
  decoder.read_header();
  const auto& info = decoder.frame_info();
  const auto samples = static_cast<std::size_t>(info.component_count);
  check_size("JPEG-LS", info.width, info.height, samples, header);
  const std::size_t from_bytes = info.bits_per_sample <= 8 ? 1 : 2, to_bytes = value_bytes(header);
  const bool planar = samples > 1 && decoder.interleave_mode() == charls::interleave_mode::none;
  if (from_bytes == to_bytes && !planar) {
    decoder.decode(out.data(), out.size());
  } else {
    std::vector<std::byte> decoded(decoder.destination_size()), wide(planar ? out.size() : 0);
    decoder.decode(decoded.data(), decoded.size());
    put_wide("JPEG-LS", decoded, from_bytes, to_bytes, planar ? Values(wide) : out);
    if (planar) by_pixel(wide, samples, to_bytes, out);
  }
  // The codestream knows no sign.
  if (header.pixel_representation == 1) put_bits_right(out, stored_form(header).type, {info.bits_per_sample, info.bits_per_sample - 1});
}

// The same without the zero byte that some encoders leave before EOI (NEMA's WG04/JLSL/MR1_JLSL); nothing where there is none. Other
// decoders stop at the last pixel, CharLS looks for a marker behind it.
std::optional<std::vector<std::byte>> without_zero_at_end(Bytes encoded) {
  constexpr std::array end{std::byte{0}, std::byte{0xFF}, std::byte{0xD9}};
  const auto found = std::ranges::find_end(encoded, end);
  if (found.empty()) return std::nullopt;
  std::vector<std::byte> rest(encoded.begin(), found.begin());
  rest.insert(rest.end(), found.begin() + 1, encoded.end());
  return rest;
}
}  // namespace

Colour decode_jpeg_ls(Bytes encoded, const InstanceHeader& header, Values out) try {
  try {
    decode_stream(encoded, header, out);
  } catch (const charls::jpegls_error& error) {
    const auto rest = without_zero_at_end(encoded);
    if (!rest || error.code() != charls::jpegls_errc::jpeg_marker_start_byte_not_found) throw;
    decode_stream(*rest, header, out);
  }
  return Colour::as_header;
} catch (const charls::jpegls_error& error) {
  throw Error(Reason::pixels_corrupt, std::string("JPEG-LS: ") + error.what());
}

}  // namespace aidp
