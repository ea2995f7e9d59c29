// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/base/file_state.hpp"
#include "core/base/image.hpp"
#include "jobs/protocol/message.hpp"
#include "jobs/protocol/scanned_file.hpp"

namespace aidp {

// What a DICOM worker is asked: it reads patients' files and writes nothing but pixels into the input pool.

// The headers of files, one ScannedFile each, in order. `keywords`: which attributes.
struct ScanReply {
  std::vector<ScannedFile> files;  // views of the message
  AIDP_PACKED(files)
};
struct ScanRequest {
  static constexpr const char* op = "scan";
  using Reply = ScanReply;
  std::vector<std::string> paths, keywords;
  AIDP_PACKED(paths, keywords)
};

// What a DICOMDIR names: folders and a file's name for each.
struct DirectoryReply {
  std::vector<std::vector<std::string>> files;
  AIDP_PACKED(files)
};
struct DirectoryRequest {
  static constexpr const char* op = "directory";
  using Reply = DirectoryReply;
  std::string path;
  AIDP_PACKED(path)
};

// A file as it was scanned: one that is another by now is dicom.changed.
struct ScannedSource {
  std::string path;
  FileState state;
  std::string sop_instance_uid;
  AIDP_PACKED(path, state.size, state.mtime_ns, state.ctime_ns, state.inode, sop_instance_uid)
};

struct WantedSlice {
  std::uint64_t file = 0;  // in WantedImage::files
  std::int64_t frame = 0;  // from 0
  AIDP_PACKED(file, frame)
};

// An image to be decoded, as its headers described it.
struct WantedImage {
  Place place;  // in the input pool
  std::string study_instance_uid, series_instance_uid;
  std::vector<ScannedSource> files;
  std::vector<WantedSlice> slices;  // of equal size, one after the other
  PixelType type = PixelType::int16;
  std::int64_t rows = 0, columns = 0;
  int samples = 1;
  bool voi = false;  // whether to read how it is meant to be shown
  AIDP_PACKED(place, study_instance_uid, series_instance_uid, files, slices, type, rows, columns, samples, voi)
};

// What only decoding tells of an image; the like fields of ImageHeader.
struct DecodedImage {
  std::vector<double> slope, intercept;
  std::vector<Voi> voi;
  bool inverted = false;
  std::optional<std::array<double, 2>> padding;
  int bits_stored = 16;
  std::vector<std::string> sha256;  // of the files, in their order; hex
  double milliseconds = 0;
  AIDP_PACKED(slope, intercept, voi, inverted, padding, bits_stored, sha256, milliseconds)
};
struct DecodeReply {
  std::vector<OrFailure<DecodedImage>> images;
  AIDP_PACKED(images)
};
struct DecodeRequest {
  static constexpr const char* op = "decode";
  using Reply = DecodeReply;
  std::vector<WantedImage> images;
  AIDP_PACKED(images)
};

// What the stored values of a frame are; lowest and highest are NaN where no value is a number.
struct FrameFacts {
  double lowest = NAN, highest = NAN;
  std::string pixel_sha256;
  AIDP_PACKED(lowest, highest, pixel_sha256)
};
struct PixelsReply {
  std::string sop_instance_uid, transfer_syntax_uid, transfer_syntax, photometric_interpretation;
  PixelType type = PixelType::uint8;
  std::int64_t rows = 0, columns = 0, samples = 1;
  FrameFacts all;  // without pixel_sha256 if a frame cannot be decoded
  std::vector<OrFailure<FrameFacts>> frames;
  AIDP_PACKED(sop_instance_uid, transfer_syntax_uid, transfer_syntax, photometric_interpretation, type, rows, columns, samples, all, frames)
};
struct PixelsRequest {
  static constexpr const char* op = "pixels";
  using Reply = PixelsReply;
  std::string path;
  AIDP_PACKED(path)
};

}  // namespace aidp
