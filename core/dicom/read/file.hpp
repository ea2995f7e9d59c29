// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/base/error.hpp"

class DcmFileFormat;
class DcmDataset;

namespace aidp {

class FileReader;

// A file that breaks off or cannot be read on, and the UIDs of its series if they stood before the break.
class BrokenFile : public Error {
 public:
  BrokenFile(const Error& error, std::string study, std::string series)
      : Error(error), study_uid(std::move(study)), series_uid(std::move(series)) {}
  std::string study_uid, series_uid;
};

// One DICOM file (PS3.10), parsed. Files without preamble or meta information are read too, as DCMTK guesses their encoding.
class DicomFile {
 public:
  enum class Part { header, whole };  // header: up to, not including, the pixel data
  // Throws Error(dicom_unreadable, not_dicom, dicom_truncated, dicom_malformed), the last three as a BrokenFile where it can.
  DicomFile(std::shared_ptr<FileReader> reader, Part part);
  // From the file's bytes, which must outlive it.
  explicit DicomFile(const std::string& bytes);
  ~DicomFile();

  DcmDataset& dataset() const;
  // The string of (0002,0010): DCMTK 3.6.7 takes HTJ2K and others for native, so its own idea is not asked.
  const std::string& transfer_syntax_uid() const { return transfer_syntax_uid_; }
  bool has_meta() const { return has_meta_; }
  // Throws Error(dicom_unreadable) if a value that was asked for since could not be read.
  void check_read() const;
  // PixelData within the bytes given, where it stands there as it is: little-endian, not deflated. If encapsulated (of undefined length),
  // from its first item to the end of the file. Not there if the dataset has the element, or there is none.
  struct PixelBytes {
    std::span<const std::byte> bytes;
    bool encapsulated = false;
  };
  const std::optional<PixelBytes>& pixels() const { return pixels_; }

 private:
  void read(const std::string& bytes, Part part);
  void finish();
  std::shared_ptr<FileReader> reader_;
  std::unique_ptr<DcmFileFormat> file_;
  std::optional<PixelBytes> pixels_;
  std::string transfer_syntax_uid_;
  bool has_meta_ = false;
};

// DCMTK's log is silent and its dictionary and codecs are ready; call once in a process before any file is read.
// Throws Error(environment_lacking) without the dictionary: each attribute that a rule names would seem absent.
void start_dicom();
std::string dcmtk_version();

}  // namespace aidp
