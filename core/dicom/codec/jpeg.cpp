// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>

#include <memory>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

namespace {
// What the markers before the first scan say (ISO 10918-1 annex B; APP0 JFIF, APP14 Adobe).
struct Stream {
  unsigned bits = 0;
  std::size_t rows = 0, columns = 0, samples = 0;
  Colour colour = Colour::as_header;
};

[[noreturn]] void corrupt(const std::string& what) { throw Error(Reason::pixels_corrupt, "JPEG: " + what); }

unsigned byte_at(Bytes bytes, std::size_t at) {
  if (at >= bytes.size()) corrupt("the codestream ends within its markers");
  return std::to_integer<unsigned>(bytes[at]);
}

std::size_t word_at(Bytes bytes, std::size_t at) { return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1); }

void read_frame_marker(Bytes segment, Stream& stream) {
  stream.bits = byte_at(segment, 0);
  stream.rows = word_at(segment, 1);
  stream.columns = word_at(segment, 3);
  stream.samples = byte_at(segment, 5);
  if (stream.samples == 3 && byte_at(segment, 6) == 'R' && byte_at(segment, 9) == 'G' && byte_at(segment, 12) == 'B')
    stream.colour = Colour::rgb;
}

void read_marker(unsigned marker, Bytes segment, Stream& stream) {
  const std::string_view text(reinterpret_cast<const char*>(segment.data()), segment.size());
  const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  if (is_frame) read_frame_marker(segment, stream);
  if (marker == 0xE0 && text.starts_with("JFIF")) stream.colour = Colour::ybr;
  if (marker == 0xEE && text.starts_with("Adobe") && text.size() >= 12) stream.colour = text[11] == 0 ? Colour::rgb : Colour::ybr;
}

Stream read_markers(Bytes encoded) {
  Stream stream;
  if (word_at(encoded, 0) != 0xFFD8) corrupt("the codestream does not begin with SOI");
  for (std::size_t at = 2; stream.bits == 0;) {
    if (byte_at(encoded, at) != 0xFF) corrupt("a marker is invalid");
    const auto marker = byte_at(encoded, at + 1);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    const auto length = word_at(encoded, at + 2);
    if (length < 2 || at + 2 + length > encoded.size()) corrupt("a marker's segment is longer than the codestream");
    read_marker(marker, encoded.subspan(at + 4, length - 2), stream);
    at += 2 + length;
  }
  return stream;
}

std::unique_ptr<DJDecoder> make_decoder(unsigned bits) {
  // Without the last: DCMTK's way to read what its own faulty encoder once wrote with predictor 6 reads wrongly what the standard has.
  static const DJCodecParameter never_convert(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel, OFFalse);
  if (bits <= 8) return std::make_unique<DJDecompressIJG8Bit>(never_convert, OFFalse);
  if (bits <= 12) return std::make_unique<DJDecompressIJG12Bit>(never_convert, OFFalse);
  return std::make_unique<DJDecompressIJG16Bit>(never_convert, OFFalse);
}
}  // namespace

Colour decode_jpeg(Bytes encoded, const InstanceHeader& header, Values out) {
  const auto stream = read_markers(encoded);
  check_size("JPEG", stream.columns, stream.rows, stream.samples, header);
  const auto decoder = make_decoder(stream.bits);
  const std::size_t from_bytes = decoder->bytesPerSample(), to_bytes = value_bytes(header), count = out.size() / to_bytes;
  std::vector<std::byte> apart(from_bytes == to_bytes ? 0 : count * from_bytes);
  const Values decoded = apart.empty() ? out : Values(apart);
  auto status = decoder->init();
  if (status.good())
    status = decoder->decode(reinterpret_cast<Uint8*>(const_cast<std::byte*>(encoded.data())), static_cast<Uint32>(encoded.size()),
                             reinterpret_cast<Uint8*>(decoded.data()), static_cast<Uint32>(decoded.size()),
                             header.pixel_representation == 1 ? OFTrue : OFFalse);
  if (status == EJ_Suspension) corrupt("the codestream is truncated");
  if (status.bad()) corrupt(status.text());
  if (!apart.empty()) put_wide("JPEG", decoded, from_bytes, to_bytes, out);
  return stream.colour;
}

}  // namespace aidp
