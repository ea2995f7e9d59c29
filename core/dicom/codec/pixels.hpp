// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"
#include "core/dicom/codec/fragments.hpp"
#include "core/dicom/header.hpp"
#include "core/dicom/read/content.hpp"
#include "core/dicom/read/file.hpp"
#include "core/dicom/read/lookup.hpp"

namespace aidp {

// The pixels of one file: read once, hashed once, decoded frame by frame (PS3.5 section 8 and annex A).
// Everything is checked against the header's sizes in 64 bits before any allocation.
class PixelFile {
 public:
  // Throws as read_content() and DicomFile do; Error(pixels_*) for pixel data that cannot be decoded.
  explicit PixelFile(const std::string& path) : PixelFile(path, read_content({path, {}})) {}
  PixelFile(const std::string& path, Content content);
  PixelFile(const PixelFile&) = delete;
  PixelFile& operator=(const PixelFile&) = delete;

  // Of what decode() gives: of a Siemens mosaic the tiles, elsewhere as stored.
  const InstanceHeader& header() const { return tiles_ ? *tiles_ : header_; }
  const InstanceHeader& stored() const { return header_; }
  const std::string& sha256() const { return content_.sha256; }  // of the file, hex
  // The stored values and nothing else: sign-extended, bits above HighBit cleared, by pixel; no palette, no colour conversion.
  // `frame` counts from 0, `out` has stored_form(stored()).bytes. Throws Error(pixels_*).
  void decode_stored(std::int64_t frame, Values out) const;
  // What a model is meant to be given, still before the rescale: colour as RGB, a palette or a modality LUT looked up.
  // `out` has decoded_form(header()).bytes. Throws Error(pixels_*, dicom_attribute).
  void decode(std::int64_t frame, Values out);
  // Whether values of decode() can be turned round, as MONOCHROME1 is, in the range of their bits (mirror_sum): a codestream may have more
  // than BitsStored, and then nothing says which value is white. A lossy codec may overshoot. Throws Error(dicom_attribute).
  void check_white(Bytes decoded) const;
  // Sizes, type, inversion and padding of what decode() gives; the rest is left as it is.
  void describe(ImageHeader& image) const;
  // RescaleSlope and RescaleIntercept of a frame; 1 and 0 where a modality LUT stands in their place (PS3.3 C.11.1).
  std::array<double, 2> rescale(std::int64_t frame) const;
  // The window or table by which a frame is meant to be shown, as read_voi() finds it.
  Voi voi(std::int64_t frame);

 private:
  void check() const;
  void check_meaning() const;
  void find_pixels();
  void check_native_size() const;
  void check_planes() const;
  Colour decode_into(std::int64_t frame, Values out) const;
  void decode_native(std::int64_t frame, Values out) const;
  void decode_whole(std::int64_t frame, Values out);
  std::optional<std::array<double, 2>> padding() const;

  Content content_;
  DicomFile file_;
  InstanceHeader header_;                // as stored
  std::optional<InstanceHeader> tiles_;  // of a mosaic
  std::vector<std::byte> mosaic_;        // all tiles, once decoded
  const TransferSyntax* syntax_ = nullptr;
  Bytes native_;  // all frames
  Fragments fragments_;
  std::vector<LookupTable> tables_;  // a palette's three or a modality LUT, once needed
};

// Names of the codecs, for `aidp validate environment`.
std::vector<std::string> codec_names();

}  // namespace aidp
