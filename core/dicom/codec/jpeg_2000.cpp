// SPDX-License-Identifier: Apache-2.0
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

namespace {
struct Source {
  Bytes bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_some(void* buffer, OPJ_SIZE_T wanted, void* user) {
  auto& source = *static_cast<Source*>(user);
  const auto count = std::min<std::size_t>(wanted, source.bytes.size() - source.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(buffer, source.bytes.data() + source.at, count);
  source.at += count;
  return count;
}

OPJ_OFF_T skip_some(OPJ_OFF_T count, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (count < 0 || static_cast<std::size_t>(count) > source.bytes.size() - source.at) return -1;
  source.at += static_cast<std::size_t>(count);
  return count;
}

OPJ_BOOL seek_to(OPJ_OFF_T place, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (place < 0 || static_cast<std::size_t>(place) > source.bytes.size()) return OPJ_FALSE;
  source.at = static_cast<std::size_t>(place);
  return OPJ_TRUE;
}

// opj_codec_t and opj_stream_t are both void*: a deleter each.
struct FreeCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct FreeStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct FreeImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};

[[noreturn]] void corrupt(const char* what) { throw Error(Reason::pixels_corrupt, std::string("JPEG 2000: ") + what); }

// A codestream begins FF4F FF51; otherwise it is wrapped in JP2 boxes, which DICOM forbids and files have.
OPJ_CODEC_FORMAT format_of(Bytes encoded) {
  return encoded.size() >= 4 && std::memcmp(encoded.data(), "\xFF\x4F\xFF\x51", 4) == 0 ? OPJ_CODEC_J2K : OPJ_CODEC_JP2;
}

// Whether the codestream's own colour transform was undone, which leaves RGB whatever the header says.
bool has_colour_transform(opj_codec_t* codec) {
  auto* info = opj_get_cstr_info(codec);
  const bool transformed = info && info->m_default_tile_info.mct == 1;
  opj_destroy_cstr_info(&info);
  return transformed;
}

template <class Value>
void store_as(const opj_image_t& image, const InstanceHeader& header, Values out) {
  const std::size_t samples = image.numcomps, pixels = out.size() / sizeof(Value) / samples;
  for (std::size_t s = 0; s < samples; ++s) {
    const auto& component = image.comps[s];
    // A codestream's sign may differ from PixelRepresentation: its bits count, read anew by the header's rule.
    const bool is_signed = header.pixel_representation == 1, differs = is_signed == (component.sgnd == 0) && component.prec < 32;
    const OPJ_INT32 sign_bit = differs && is_signed ? OPJ_INT32{1} << (component.prec - 1) : 0;
    const OPJ_INT32 own_bits = differs && !is_signed ? static_cast<OPJ_INT32>((OPJ_UINT32{1} << component.prec) - 1) : -1;
    const auto* from = component.data;
    auto* to = out.data() + s * sizeof(Value);
    for (std::size_t p = 0; p < pixels; ++p) {
      const auto value = static_cast<Value>(((from[p] & own_bits) ^ sign_bit) - sign_bit);
      std::memcpy(to + p * samples * sizeof(Value), &value, sizeof(Value));
    }
  }
}

void store(const opj_image_t& image, const InstanceHeader& header, Values out) {
  switch (value_bytes(header)) {
    case 1:
      return store_as<std::uint8_t>(image, header, out);
    case 2:
      return store_as<std::uint16_t>(image, header, out);
    default:
      return store_as<std::uint32_t>(image, header, out);
  }
}
}  // namespace

Colour decode_jpeg_2000(Bytes encoded, const InstanceHeader& header, Values out) {
  const std::unique_ptr<opj_codec_t, FreeCodec> codec(opj_create_decompress(format_of(encoded)));
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!codec || !opj_setup_decoder(codec.get(), &parameters)) corrupt("no decoder");
  opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE);
  Source source{encoded};
  const std::unique_ptr<opj_stream_t, FreeStream> stream(opj_stream_default_create(OPJ_TRUE));
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), encoded.size());
  opj_stream_set_read_function(stream.get(), read_some);
  opj_stream_set_skip_function(stream.get(), skip_some);
  opj_stream_set_seek_function(stream.get(), seek_to);
  opj_image_t* raw = nullptr;
  const bool header_read = opj_read_header(stream.get(), codec.get(), &raw);
  const std::unique_ptr<opj_image_t, FreeImage> image(raw);
  if (!header_read) corrupt("the codestream's header is corrupt");
  check_size("JPEG 2000", image->x1 - image->x0, image->y1 - image->y0, image->numcomps, header);
  for (OPJ_UINT32 c = 0; c < image->numcomps; ++c)
    if (image->comps[c].dx != 1 || image->comps[c].dy != 1 || image->comps[c].prec < 1 || image->comps[c].prec > 8 * value_bytes(header))
      throw Error(Reason::pixels_unsupported, "JPEG 2000: subsampled components or more bits than BitsAllocated");
  if (!opj_decode(codec.get(), stream.get(), image.get())) corrupt("the codestream is corrupt or truncated");
  for (OPJ_UINT32 c = 0; c < image->numcomps; ++c)
    if (!image->comps[c].data || std::size_t{image->comps[c].w} * image->comps[c].h * image->numcomps * value_bytes(header) != out.size())
      corrupt("a component was not decoded");
  store(*image, header, out);
  return has_colour_transform(codec.get()) ? Colour::rgb : Colour::as_header;
}

}  // namespace aidp
