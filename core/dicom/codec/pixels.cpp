// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/pixels.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/text.hpp"
#include "core/dicom/codec/colour.hpp"
#include "core/dicom/codec/stored.hpp"
#include "core/dicom/read/mosaic.hpp"
#include "core/dicom/read/read_header.hpp"
#include "core/dicom/read/value.hpp"
#include "core/dicom/read/voi.hpp"

namespace aidp {

namespace {
[[noreturn]] void unsupported(const std::string& what) { throw Error(Reason::pixels_unsupported, what); }
[[noreturn]] void invalid(const std::string& what) { throw Error(Reason::dicom_attribute, what); }

const TransferSyntax& syntax_of(const InstanceHeader& header) {
  if (const auto* syntax = find_syntax(header.transfer_syntax_uid)) return *syntax;
  const auto& uid = header.transfer_syntax_uid;
  throw Error(Reason::pixels_syntax, "TransferSyntaxUID " + (uid.empty() ? "is missing" : printable(uid) + " is not supported"));
}

// The value of an element that DCMTK has read, in the byte order of this machine.
Bytes value_of(DcmDataset& dataset, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (dataset.findAndGetElement(tag, element).bad() || !element) return {};
  const auto length = static_cast<std::size_t>(element->getLength());
  Uint8* octets = nullptr;
  Uint16* words = nullptr;
  Float32* floats = nullptr;
  Float64* doubles = nullptr;
  if (element->getUint8Array(octets).good() && octets) return std::as_bytes(std::span(octets, length));
  if (element->getUint16Array(words).good() && words) return std::as_bytes(std::span(words, length / 2));
  if (element->getFloat32Array(floats).good() && floats) return std::as_bytes(std::span(floats, length / 4));
  if (element->getFloat64Array(doubles).good() && doubles) return std::as_bytes(std::span(doubles, length / 8));
  return {};
}

void check_bits(const InstanceHeader& h) {
  const auto allocated = std::to_string(h.bits_allocated);
  const bool bit = h.bits_allocated == 1 && h.samples_per_pixel == 1;
  if (h.floating ? h.bits_allocated != 32 && h.bits_allocated != 64
                 : !bit && h.bits_allocated != 8 && h.bits_allocated != 16 && h.bits_allocated != 32)
    unsupported("BitsAllocated " + allocated +
                (h.floating ? " of floating-point values is not supported; 32 and 64 are"
                            : " of integers with SamplesPerPixel " + std::to_string(h.samples_per_pixel) +
                                  " is not supported; 8, 16, 32 and, of one sample, 1 are"));
  if (h.bits_stored < 1 || h.bits_stored > h.bits_allocated || h.high_bit < h.bits_stored - 1 || h.high_bit >= h.bits_allocated)
    invalid("BitsStored " + std::to_string(h.bits_stored) + " and HighBit " + std::to_string(h.high_bit) + " do not fit BitsAllocated " +
            allocated);
}

// As the file has it.
std::string value_said(DcmDataset& dataset, const DcmTagKey& tag) {
  constexpr std::size_t long_enough = 64;
  const auto text = text_of(dataset, tag);
  return std::string(DcmTag(tag).getTagName()) + (text.empty() ? " is missing" : " is " + printable(text.substr(0, long_enough)));
}

bool is_ybr(Colour colour, const InstanceHeader& header) {
  return header.samples_per_pixel == 3 &&
         (colour == Colour::ybr || (colour == Colour::as_header && header.photometric_interpretation.starts_with("YBR_FULL")));
}
}  // namespace

PixelFile::PixelFile(const std::string& path, Content content) : content_(std::move(content)), file_(content_.bytes) {
  header_ = header_of(file_, path);
  if (header_.tiles_across > 0) {
    tiles_ = std::move(header_);
    header_ = folded(*tiles_);
  }
  check();
  find_pixels();
}

void PixelFile::check() const {
  const auto& h = header_;
  if (!h.has_pixels) throw Error(Reason::not_image, "the object holds no pixels");
  auto& dataset = file_.dataset();
  if (const auto lacking = lacking_sizes(h); !lacking.empty()) invalid(lacking + ": missing, 0 or no number");
  if (h.number_of_frames < 1) invalid(value_said(dataset, DCM_NumberOfFrames) + "; a whole number is allowed");
  if (h.pixel_representation > 1) invalid(value_said(dataset, DCM_PixelRepresentation) + "; 0 and 1 are allowed");
  if (h.bits_stored < 1)
    invalid(value_said(dataset, DCM_BitsStored) + "; 1 to BitsAllocated " + std::to_string(h.bits_allocated) + " are allowed");
  if (h.number_of_frames > frames_at_most)
    throw Error(Reason::pixels_limit,
                "NumberOfFrames is " + std::to_string(h.number_of_frames) + "; the limit is " + std::to_string(frames_at_most));
  syntax_of(h);
  if (h.samples_per_pixel != 1 && h.samples_per_pixel != 3)
    unsupported(value_said(dataset, DCM_SamplesPerPixel) + "; 1 and 3 are supported");
  check_bits(h);
  if (const auto error = too_large(h)) throw *error;
}

// What the values mean must be known before a model is given them.
void PixelFile::check_meaning() const {
  if (!header_.mosaic_fault.empty()) invalid(header_.mosaic_fault);
  for (const auto& frame : header_.frames)
    if (!std::isfinite(frame.slope) || !std::isfinite(frame.intercept))
      invalid(std::isfinite(frame.slope) ? "RescaleIntercept is not a number" : "RescaleSlope is not a number, or is 0");
  const auto& photometric = header_.photometric_interpretation;
  const bool grey = header_.samples_per_pixel == 1 && (photometric == "MONOCHROME2" || (photometric == "MONOCHROME1" && !header_.floating));
  const bool of_codestream = syntax_->codec == Codec::jpeg_2000 && (photometric == "YBR_RCT" || photometric == "YBR_ICT");
  const bool colour = header_.samples_per_pixel == 3 &&
                      (photometric == "RGB" || photometric == "YBR_FULL" || photometric == "YBR_FULL_422" || of_codestream);
  if (!grey && !colour && header_.palette_bits == 0)
    unsupported(value_said(file_.dataset(), DCM_PhotometricInterpretation) + " with SamplesPerPixel " +
                std::to_string(header_.samples_per_pixel) + (header_.floating ? ", floating-point," : "") + " in " +
                std::string(syntax_->name) +
                (header_.samples_per_pixel == 3
                     ? "; RGB, YBR_FULL, YBR_FULL_422 and, of JPEG 2000, YBR_RCT and YBR_ICT are supported"
                     : "; MONOCHROME1, MONOCHROME2 and PALETTE COLOR are supported, MONOCHROME2 alone of floating-point values"));
}

void PixelFile::find_pixels() {
  syntax_ = &syntax_of(header_);
  const auto& pixels = file_.pixels();
  if (syntax_->codec != Codec::native) {
    if (!pixels && !file_.dataset().tagExists(DCM_PixelData)) throw Error(Reason::pixels_size, "PixelData is missing");
    if (!pixels || !pixels->encapsulated)
      throw Error(Reason::pixels_corrupt, "the transfer syntax is compressed, but PixelData is not encapsulated");
    fragments_ = Fragments(pixels->bytes, header_.number_of_frames, syntax_->codec);
    if (syntax_->codec == Codec::deflated_frames) check_planes();
    return;
  }
  if (pixels && pixels->encapsulated)
    throw Error(Reason::pixels_corrupt, "PixelData is encapsulated, but the transfer syntax is not compressed");
  auto& dataset = file_.dataset();
  native_ = pixels             ? pixels->bytes
            : header_.floating ? value_of(dataset, header_.bits_allocated == 32 ? DCM_FloatPixelData : DCM_DoubleFloatPixelData)
                               : value_of(dataset, DCM_PixelData);
  if (native_.empty()) throw Error(Reason::pixels_size, "PixelData is missing or empty");
  // Some writers say YBR_FULL_422 of pixels that are whole; their length tells (PS3.5 8.1.2).
  const auto whole = stored_form(header_).bytes * static_cast<std::uint64_t>(header_.number_of_frames);
  if (header_.photometric_interpretation == "YBR_FULL_422" && native_.size() == whole + whole % 2)
    header_.photometric_interpretation = "YBR_FULL";
  check_planes();
  check_native_size();
}

// Where samples lie must be said (PS3.3 C.7.6.3.1.3), but by a codestream, which says it itself.
void PixelFile::check_planes() const {
  if (header_.samples_per_pixel == 1) return;
  const bool halved = header_.photometric_interpretation == "YBR_FULL_422";  // by pixel alone (C.7.6.3.1.2)
  const auto planes = header_.planar_configuration;
  if (planes == 0 || (planes == 1 && !halved)) return;
  invalid(value_said(file_.dataset(), DCM_PlanarConfiguration) + (halved ? "; 0 is allowed with YBR_FULL_422" : "; 0 and 1 are allowed"));
}

// Zeros behind the last frame, less than another frame, are padding, and so is a last byte that makes the length even.
void PixelFile::check_native_size() const {
  const auto bits = native_frame_bits(header_) * static_cast<std::uint64_t>(header_.number_of_frames), wanted = (bits + 7) / 8;
  const auto there = static_cast<std::uint64_t>(native_.size());
  if (there <= wanted + wanted % 2 && there >= wanted) return;
  const auto sizes = "PixelData has " + std::to_string(there) + " bytes, but the header implies " + std::to_string(wanted);
  if (there < wanted) throw Error(Reason::pixels_size, sizes);
  const auto surplus = native_.subspan(static_cast<std::size_t>(wanted));
  const bool zeros = std::ranges::all_of(surplus, [](std::byte byte) { return byte == std::byte{}; });
  if (zeros && 8 * static_cast<std::uint64_t>(surplus.size()) < native_frame_bits(header_)) return;
  throw Error(Reason::pixels_size, sizes + ": Rows, Columns, BitsAllocated, SamplesPerPixel or NumberOfFrames (" +
                                       std::to_string(header_.number_of_frames) + ") does not say all that is there");
}

void PixelFile::decode_native(std::int64_t frame, Values out) const {
  unpack_native(native_, static_cast<std::uint64_t>(frame) * native_frame_bits(header_), header_, out);
  if (!syntax_->big_endian || header_.floating || header_.bits_allocated != 32) return;
  // DCMTK swaps OW as 16-bit words: the halves of a 32-bit value still stand in big-endian order.
  for (std::size_t i = 0; i + 4 <= out.size(); i += 4) {
    std::swap(out[i], out[i + 2]);
    std::swap(out[i + 1], out[i + 3]);
  }
}

Colour PixelFile::decode_into(std::int64_t frame, Values out) const {
  if (frame < 0 || frame >= header_.number_of_frames) throw Error(Reason::pixels_size, "there is no frame " + std::to_string(frame + 1));
  auto colour = Colour::as_header;
  std::vector<std::byte> joined;
  OwnBits own{header_.bits_stored, header_.high_bit};
  bool has_unused = !header_.floating && header_.bits_allocated != 1;
  switch (syntax_->codec) {
    case Codec::native:
      decode_native(frame, out);
      break;
    case Codec::deflated_frames:
      colour = decode_deflated_frame(fragments_.frame(frame, joined), header_, out);
      break;
    case Codec::rle:
      colour = decode_rle(fragments_.frame(frame, joined), header_, out);
      break;
    case Codec::jpeg:
      colour = decode_jpeg(fragments_.frame(frame, joined), header_, out);
      own.highest = own.count - 1;  // wherever HighBit was before compression
      // What lossy JPEG gives may lie beyond BitsStored: without its topmost bit the brightest pixel would be the darkest.
      has_unused = !syntax_->lossy || header_.pixel_representation == 1;
      break;
    case Codec::jpeg_ls:
      has_unused = false;
      colour = decode_jpeg_ls(fragments_.frame(frame, joined), header_, out);
      break;
    case Codec::jpeg_2000:
      has_unused = false;
      colour = decode_jpeg_2000(fragments_.frame(frame, joined), header_, out);
      break;
  }
  if (has_unused) put_bits_right(out, stored_form(header_).type, own);
  return colour;
}

void PixelFile::decode_stored(std::int64_t frame, Values out) const {
  if (out.size() != stored_form(header_).bytes) throw Error(Reason::internal, "the room for stored values is not of their size");
  decode_into(frame, out);
}

void PixelFile::decode(std::int64_t frame, Values out) {
  check_meaning();
  if (out.size() != decoded_form(header()).bytes) throw Error(Reason::dicom_changed, "the image is not of the size that its header had");
  if (!tiles_) return decode_whole(frame, out);
  if (mosaic_.empty()) {
    std::vector<std::byte> whole(static_cast<std::size_t>(decoded_form(header_).bytes));
    decode_whole(0, whole);
    mosaic_ = std::move(whole);
  }
  cut_tile(mosaic_, *tiles_, frame, out);
}

void PixelFile::decode_whole(std::int64_t frame, Values out) {
  if (header_.palette_bits == 0 && header_.modality_lut_bits == 0) {
    const bool ybr = is_ybr(decode_into(frame, out), header_);
    if (ybr && value_bytes(header_) != 1) unsupported("YBR of more than 8 bits");
    if (ybr) ybr_to_rgb(out);
    return;
  }
  std::vector<std::byte> stored(static_cast<std::size_t>(stored_form(header_).bytes));
  decode_into(frame, stored);
  const bool is_signed = header_.pixel_representation == 1, palette = header_.palette_bits > 0;
  auto& dataset = file_.dataset();
  DcmItem* table = nullptr;
  if (tables_.empty() && palette) tables_ = read_palette(dataset, is_signed);
  if (tables_.empty() && dataset.findAndGetSequenceItem(DCM_ModalityLUTSequence, table).good() && table)
    tables_ = {read_lut(*table, is_signed)};
  if (palette)
    look_up_palette(stored, header_, tables_, out);
  else
    look_up_modality(stored, header_, tables_.at(0), padding(), out);
}

void PixelFile::check_white(Bytes decoded) const {
  if (header_.photometric_interpretation != "MONOCHROME1") return;
  ImageHeader image;
  describe(image);
  const bool is_signed = image.type == PixelType::int8 || image.type == PixelType::int16 || image.type == PixelType::int32;
  if (is_signed || image.bits_stored >= 8 * static_cast<int>(bytes_of(image.type))) return;
  constexpr double overshoot = 1.25;
  const auto white = std::ldexp(1.0, image.bits_stored) - 1;
  const auto largest = largest_beside(decoded, image.type, image.padding);
  if (largest > white * (syntax_->lossy && header_.modality_lut_bits == 0 ? overshoot : 1))
    invalid("PhotometricInterpretation is MONOCHROME1, but a value of " + number(largest) + " lies beyond the " +
            std::to_string(image.bits_stored) + (header_.modality_lut_bits > 0 ? " bits of LUTDescriptor" : " bits of BitsStored") +
            ", so that nothing says which value is white");
}

void PixelFile::describe(ImageHeader& image) const {
  const auto form = decoded_form(header_);
  image.type = form.type;
  image.rows = header().rows;
  image.columns = header().columns;
  image.samples = form.samples;
  image.inverted = header_.photometric_interpretation == "MONOCHROME1";
  image.bits_stored = header_.modality_lut_bits > 0 ? header_.modality_lut_bits : header_.bits_stored;
  image.padding = form.samples == 1 ? padding() : std::nullopt;
  if (image.padding && header_.modality_lut_bits > 0) image.padding = {{beyond_modality_lut, beyond_modality_lut}};
}

std::array<double, 2> PixelFile::rescale(std::int64_t frame) const {
  if (header_.modality_lut_bits > 0 || header_.palette_bits > 0) return {1, 0};
  const auto& values = header_.frames[std::min(static_cast<std::size_t>(frame), header_.frames.size() - 1)];
  return {values.slope, values.intercept};
}

Voi PixelFile::voi(std::int64_t frame) {
  const bool below_zero = header_.modality_lut_bits == 0 && (header_.pixel_representation == 1 || rescale(frame)[1] < 0);
  return read_voi(file_.dataset(), frame, below_zero);
}

// PixelPaddingValue with PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2), as stored values.
std::optional<std::array<double, 2>> PixelFile::padding() const {
  auto& dataset = file_.dataset();
  const auto value = [&](const DcmTagKey& tag) -> std::optional<double> {
    Uint16 positive = 0;
    Sint16 negative = 0;
    Float32 single = 0;
    Float64 number = 0;
    if (header_.floating && dataset.findAndGetFloat32(tag, single).good()) return single;
    if (header_.floating) return dataset.findAndGetFloat64(tag, number).good() ? std::optional(number) : std::nullopt;
    const bool found = dataset.findAndGetUint16(tag, positive).good();
    if (!found && dataset.findAndGetSint16(tag, negative).bad()) return std::nullopt;
    const auto bits = found ? positive : static_cast<std::uint16_t>(negative);
    return header_.pixel_representation == 1 ? static_cast<double>(static_cast<std::int16_t>(bits)) : static_cast<double>(bits);
  };
  const bool single = header_.bits_allocated == 32;
  const auto first = value(!header_.floating ? DCM_PixelPaddingValue
                           : single          ? DCM_FloatPixelPaddingValue
                                             : DCM_DoubleFloatPixelPaddingValue);
  if (!first && header_.has_padding && !header_.floating) invalid("PixelPaddingValue is not a number");
  if (!first || !std::isfinite(*first)) return std::nullopt;
  const auto last = value(!header_.floating ? DCM_PixelPaddingRangeLimit
                          : single          ? DCM_FloatPixelPaddingRangeLimit
                                            : DCM_DoubleFloatPixelPaddingRangeLimit)
                        .value_or(*first);
  return std::array{std::min(*first, last), std::max(*first, last)};
}

std::vector<std::string> codec_names() {
  return {"native", "deflated", "RLE", "JPEG (DCMTK)", "JPEG-LS (CharLS)", "JPEG 2000 and HTJ2K (OpenJPEG)"};
}

}  // namespace aidp
