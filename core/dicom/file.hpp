// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/base/error.hpp"

class DcmFileFormat;
class DcmDataset;

namespace aidp {

// One DICOM file (PS3.10), parsed. Files without preamble or meta information are read too, as DCMTK guesses their encoding.
class DicomFile {
 public:
  enum class Part { header, whole };  // header: up to, not including, the pixel data
  // Throws Error(dicom_unreadable, not_dicom, dicom_truncated, dicom_malformed).
  DicomFile(const std::string& path, Part part);
  // From the file's bytes, which must outlive it.
  DicomFile(const std::string& bytes, const std::string& path);
  ~DicomFile();

  DcmDataset& dataset() const;
  // The string of (0002,0010): DCMTK 3.6.7 takes HTJ2K and others for native, so its own idea is not asked.
  const std::string& transfer_syntax_uid() const { return transfer_syntax_uid_; }
  bool has_meta() const { return has_meta_; }

 private:
  void finish();
  std::unique_ptr<DcmFileFormat> file_;
  std::string transfer_syntax_uid_;
  bool has_meta_ = false;
};

// DCMTK's log is silent and its dictionary and codecs are ready; call once in a process before any file is read.
void start_dicom();
std::string dcmtk_version();

}  // namespace aidp
