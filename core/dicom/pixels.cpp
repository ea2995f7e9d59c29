// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/pixels.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/read_header.hpp"

namespace aidp {

namespace {
constexpr std::size_t file_bytes_at_most = std::size_t{2} << 30;
constexpr std::uint64_t frame_bytes_at_most = std::uint64_t{256} << 20;

enum class Codec { native, rle, jpeg, jpeg_ls, jpeg_2000 };
struct Syntax {
  const char* uid;
  Codec codec;
};
// PS3.5 section 10 and annex A.
constexpr Syntax syntaxes[] = {{"1.2.840.10008.1.2", Codec::native},          {"1.2.840.10008.1.2.1", Codec::native},
                               {"1.2.840.10008.1.2.1.99", Codec::native},     {"1.2.840.10008.1.2.2", Codec::native},
                               {"1.2.840.10008.1.2.5", Codec::rle},           {"1.2.840.10008.1.2.4.50", Codec::jpeg},
                               {"1.2.840.10008.1.2.4.51", Codec::jpeg},       {"1.2.840.10008.1.2.4.57", Codec::jpeg},
                               {"1.2.840.10008.1.2.4.70", Codec::jpeg},       {"1.2.840.10008.1.2.4.80", Codec::jpeg_ls},
                               {"1.2.840.10008.1.2.4.81", Codec::jpeg_ls},    {"1.2.840.10008.1.2.4.90", Codec::jpeg_2000},
                               {"1.2.840.10008.1.2.4.91", Codec::jpeg_2000},  {"1.2.840.10008.1.2.4.201", Codec::jpeg_2000},
                               {"1.2.840.10008.1.2.4.202", Codec::jpeg_2000}, {"1.2.840.10008.1.2.4.203", Codec::jpeg_2000}};

Codec codec_of(const std::string& uid) {
  for (const auto& syntax : syntaxes)
    if (uid == syntax.uid) return syntax.codec;
  throw Error(Reason::pixels_syntax, "the transfer syntax " + (uid.empty() ? "is missing" : uid + " is not supported"));
}

[[noreturn]] void unsupported(const std::string& what) { throw Error(Reason::pixels_unsupported, what); }

// Clears bits outside [HighBit - BitsStored + 1, HighBit] (once overlays) and extends the sign (PS3.5 8.1.1).
template <class Stored>
void put_bits_right(std::span<std::byte> bytes, const InstanceHeader& header) {
  constexpr int width = 8 * static_cast<int>(sizeof(Stored));
  const int low = header.high_bit + 1 - header.bits_stored;
  if (header.bits_stored == width && low == 0) return;
  const int left = width - header.high_bit - 1, right = width - header.bits_stored;
  for (std::size_t i = 0; i + sizeof(Stored) <= bytes.size(); i += sizeof(Stored)) {
    std::make_unsigned_t<Stored> raw;
    std::memcpy(&raw, &bytes[i], sizeof raw);
    raw = static_cast<std::make_unsigned_t<Stored>>(raw << left);
    const auto value = static_cast<Stored>(static_cast<Stored>(raw) >> right);
    std::memcpy(&bytes[i], &value, sizeof value);
  }
}

void put_bits_right(std::span<std::byte> bytes, const InstanceHeader& header) {
  const bool is_signed = header.pixel_representation == 1;
  switch (header.bits_allocated) {
    case 8:
      return is_signed ? put_bits_right<std::int8_t>(bytes, header) : put_bits_right<std::uint8_t>(bytes, header);
    case 16:
      return is_signed ? put_bits_right<std::int16_t>(bytes, header) : put_bits_right<std::uint16_t>(bytes, header);
    default:
      return is_signed ? put_bits_right<std::int32_t>(bytes, header) : put_bits_right<std::uint32_t>(bytes, header);
  }
}

std::span<const std::byte> bytes_of_item(DcmPixelItem& item) {
  Uint8* octets = nullptr;
  if (item.getUint8Array(octets).bad() || !octets) return {};
  return {reinterpret_cast<const std::byte*>(octets), static_cast<std::size_t>(item.getLength())};
}
}  // namespace

PixelFile::PixelFile(const std::string& path) {
  try {
    bytes_ = read_file(path, file_bytes_at_most);
  } catch (const Error& error) {
    throw Error(error.reason() == Reason::pixels_limit ? Reason::pixels_limit : Reason::dicom_unreadable, "the file cannot be read");
  }
  sha256_ = hex(aidp::sha256(std::as_bytes(std::span(bytes_))));
  file_.emplace(bytes_);
  header_ = header_of(*file_, path);
  check();
  if (encapsulated_) find_fragments();
}

void PixelFile::check() {
  const auto& h = header_;
  if (!h.has_pixels) throw Error(Reason::not_image, "the object holds no pixels");
  if (h.rows == 0 || h.columns == 0 || h.bits_allocated == 0)
    throw Error(Reason::dicom_attribute, "Rows, Columns or BitsAllocated is missing or 0");
  if (h.pixel_representation > 1)
    throw Error(Reason::dicom_attribute, "PixelRepresentation is " + std::to_string(h.pixel_representation) + ", not 0 or 1");
  for (const auto& frame : h.frames)
    if (!std::isfinite(frame.slope) || !std::isfinite(frame.intercept))
      throw Error(Reason::dicom_attribute, "RescaleSlope or RescaleIntercept is no number, or the slope is 0");
  encapsulated_ = codec_of(h.transfer_syntax_uid) != Codec::native;
  auto& dataset = file_->dataset();
  if (file_->plain_pixels().empty() && !dataset.tagExists(DCM_PixelData))
    dataset.tagExists(DcmTagKey(0x7FE0, 0x0008)) || dataset.tagExists(DcmTagKey(0x7FE0, 0x0009))
        ? unsupported("floating-point pixel data")
        : throw Error(Reason::pixels_size, "there is no PixelData");
  if (dataset.tagExists(DCM_ModalityLUTSequence)) unsupported("a ModalityLUTSequence");
  if (h.bits_allocated != 8 && h.bits_allocated != 16 && h.bits_allocated != 32)
    unsupported("BitsAllocated " + std::to_string(h.bits_allocated));
  if (h.bits_stored < 1 || h.bits_stored > h.bits_allocated || h.high_bit < h.bits_stored - 1 || h.high_bit >= h.bits_allocated)
    throw Error(Reason::dicom_attribute, "BitsStored " + std::to_string(h.bits_stored) + " and HighBit " + std::to_string(h.high_bit) +
                                             " do not fit BitsAllocated " + std::to_string(h.bits_allocated));
  const auto& photometric = h.photometric_interpretation;
  const bool grey = h.samples_per_pixel == 1 && (photometric == "MONOCHROME1" || photometric == "MONOCHROME2");
  const bool colour = h.samples_per_pixel == 3 && h.bits_allocated <= 16;
  if (!grey && !colour)
    unsupported("PhotometricInterpretation " + photometric + " with " + std::to_string(h.samples_per_pixel) + " samples");
  const auto codec = codec_of(h.transfer_syntax_uid);
  const bool becomes_rgb =
      photometric == "RGB" || codec == Codec::jpeg || (codec == Codec::jpeg_2000 && (photometric == "YBR_RCT" || photometric == "YBR_ICT"));
  if (colour && !becomes_rgb) unsupported("PhotometricInterpretation " + photometric + " in " + h.transfer_syntax_uid);
  if (frame_bytes() > frame_bytes_at_most)
    throw Error(Reason::pixels_limit,
                "a frame of " + std::to_string(h.rows) + " x " + std::to_string(h.columns) + " is larger than the limit of 256 MiB");
}

PixelType PixelFile::type() const {
  const bool is_signed = header_.pixel_representation == 1;
  if (header_.bits_allocated == 8) return is_signed ? PixelType::int8 : PixelType::uint8;
  if (header_.bits_allocated == 16) return is_signed ? PixelType::int16 : PixelType::uint16;
  return is_signed ? PixelType::int32 : PixelType::uint32;
}

std::size_t PixelFile::frame_bytes() const {
  return static_cast<std::size_t>(header_.rows) * static_cast<std::size_t>(header_.columns) *
         static_cast<std::size_t>(header_.samples_per_pixel) * static_cast<std::size_t>(header_.bits_allocated / 8);
}

std::optional<std::array<std::int64_t, 2>> PixelFile::padding() const {
  const auto value = [&](const DcmTagKey& tag) -> std::optional<std::int64_t> {
    Uint16 positive = 0;
    Sint16 negative = 0;
    auto& dataset = file_->dataset();
    if (header_.pixel_representation == 1) {
      if (dataset.findAndGetSint16(tag, negative).good()) return negative;
      if (dataset.findAndGetUint16(tag, positive).good()) return static_cast<std::int16_t>(positive);
    } else {
      if (dataset.findAndGetUint16(tag, positive).good()) return positive;
      if (dataset.findAndGetSint16(tag, negative).good()) return static_cast<std::uint16_t>(negative);
    }
    return std::nullopt;
  };
  const auto first = value(DCM_PixelPaddingValue);
  if (!first) return std::nullopt;
  const auto last = value(DCM_PixelPaddingRangeLimit).value_or(*first);
  return std::array{std::min(*first, last), std::max(*first, last)};
}

void PixelFile::find_fragments() {
  DcmElement* element = nullptr;
  if (file_->dataset().findAndGetElement(DCM_PixelData, element).bad()) return;
  auto* pixels = OFdynamic_cast(DcmPixelData*, element);
  if (!pixels) throw Error(Reason::dicom_malformed, "PixelData is no pixel element");
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter* parameters = nullptr;
  pixels->getOriginalRepresentationKey(syntax, parameters);
  DcmPixelSequence* sequence = nullptr;
  if (pixels->getEncapsulatedRepresentation(syntax, parameters, sequence).bad() || !sequence || sequence->card() < 2)
    throw Error(Reason::pixels_corrupt, "the transfer syntax is compressed, but PixelData is not encapsulated");
  for (unsigned long i = 0; i < sequence->card(); ++i) {
    DcmPixelItem* item = nullptr;
    if (sequence->getItem(item, i).bad() || !item) throw Error(Reason::pixels_corrupt, "a fragment cannot be read");
    const auto bytes = bytes_of_item(*item);
    if (i > 0) {
      fragments_.push_back(bytes);
      continue;
    }
    offsets_.resize(bytes.size() / 4);
    if (!offsets_.empty()) std::memcpy(offsets_.data(), bytes.data(), offsets_.size() * 4);
  }
}

// The fragments of a frame (PS3.5 A.4): all for a single frame, one each where the counts agree, else by the offset table.
std::string PixelFile::encoded_frame(std::int64_t frame) const {
  const auto count = static_cast<std::size_t>(header_.number_of_frames), index = static_cast<std::size_t>(frame);
  std::string encoded;
  const auto add = [&](std::span<const std::byte> bytes) { encoded.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); };
  if (count == 1) {
    for (const auto& fragment : fragments_) add(fragment);
  } else if (fragments_.size() == count) {
    add(fragments_[index]);
  } else if (offsets_.size() == count) {
    std::uint64_t at = 0;
    const std::uint64_t begin = offsets_[index], end = index + 1 < count ? offsets_[index + 1] : UINT64_MAX;
    for (const auto& fragment : fragments_) {
      if (at >= begin && at < end) add(fragment);
      at += fragment.size() + 8;
    }
  } else {
    throw Error(Reason::pixels_corrupt,
                std::to_string(fragments_.size()) + " fragments for " + std::to_string(count) + " frames, and no offset table");
  }
  if (encoded.empty()) throw Error(Reason::pixels_corrupt, "frame " + std::to_string(frame + 1) + " has no data");
  return encoded;
}

void PixelFile::decode(std::int64_t frame, std::span<std::byte> out) const {
  if (frame < 0 || frame >= header_.number_of_frames) throw Error(Reason::pixels_size, "there is no frame " + std::to_string(frame + 1));
  if (out.size() != frame_bytes()) throw Error(Reason::dicom_changed, "the image is not of the size that its header had");
  switch (codec_of(header_.transfer_syntax_uid)) {
    case Codec::native:
      decode_native(*file_, frame, header_, header_.transfer_syntax_uid == "1.2.840.10008.1.2.2", out);
      break;
    case Codec::rle:
      decode_rle(encoded_frame(frame), header_, out);
      break;
    case Codec::jpeg:
      decode_jpeg(file_->dataset(), frame, header_, out);
      break;
    case Codec::jpeg_ls:
      decode_jpeg_ls(encoded_frame(frame), header_, out);
      break;
    case Codec::jpeg_2000:
      decode_jpeg_2000(encoded_frame(frame), header_, out);
      break;
  }
  put_bits_right(out, header_);
}

void check_size(const char* codec, std::size_t columns, std::size_t rows, std::size_t samples, const InstanceHeader& header) {
  if (columns == static_cast<std::size_t>(header.columns) && rows == static_cast<std::size_t>(header.rows) &&
      samples == static_cast<std::size_t>(header.samples_per_pixel))
    return;
  throw Error(Reason::pixels_size, std::string(codec) + ": the codestream is " + std::to_string(rows) + " x " + std::to_string(columns) +
                                       " x " + std::to_string(samples) + ", the header says " + std::to_string(header.rows) + " x " +
                                       std::to_string(header.columns) + " x " + std::to_string(header.samples_per_pixel));
}

std::vector<std::string> codec_names() {
  return {"native", "deflated", "RLE", "JPEG (DCMTK)", "JPEG-LS (CharLS)", "JPEG 2000 and HTJ2K (OpenJPEG)"};
}

}  // namespace aidp
