// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "core/dicom/file.hpp"
#include "core/dicom/header.hpp"

namespace aidp {

// The stored values of one file: read once, hashed once, decoded frame by frame (PS3.5 section 8 and annex A).
// Everything is checked against the header's sizes in 64 bits before any allocation.
class PixelFile {
 public:
  // Throws as DicomFile does; Error(pixels_unsupported) for pixel data of a kind that is not handled yet.
  explicit PixelFile(const std::string& path);

  const InstanceHeader& header() const { return header_; }
  const std::string& sha256() const { return sha256_; }  // of the file, hex
  PixelType type() const;
  std::size_t frame_bytes() const;
  // PixelPaddingValue with PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2), as stored values.
  std::optional<std::array<std::int64_t, 2>> padding() const;
  // Writes the frame's stored values: [row][column][sample], little-endian, sign-extended, bits above HighBit cleared; colour as RGB.
  // `frame` counts from 0, `out` has frame_bytes(). Throws Error(pixels_*).
  void decode(std::int64_t frame, std::span<std::byte> out) const;

 private:
  void check();
  void find_fragments();
  std::string encoded_frame(std::int64_t frame) const;

  std::string bytes_, sha256_;
  std::optional<DicomFile> file_;
  InstanceHeader header_;
  bool encapsulated_ = false;
  std::vector<std::span<const std::byte>> fragments_;
  std::vector<std::uint32_t> offsets_;  // basic offset table
};

// Names of the codecs, for `aidp validate environment`.
std::vector<std::string> codec_names();

}  // namespace aidp
