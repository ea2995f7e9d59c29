// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/file.hpp"
#include "core/base/file_state.hpp"

namespace aidp {

// A regular file, opened once. What the system could not read is remembered: DCMTK takes it for the end of the file, and goes on.
class FileReader {
 public:
  // Throws Error(dicom_unreadable); Error(not_dicom) for what is not a regular file.
  explicit FileReader(const std::string& path);
  const FileState& state() const { return state_; }  // when it was opened
  // How many bytes came; fewer than asked for at the end of the file, or after a failure.
  std::size_t read(std::span<std::byte> out, std::int64_t offset);
  // Throws Error(dicom_unreadable) if a read has failed.
  void check() const;

 private:
  FileDescriptor file_;
  FileState state_;
  int error_ = 0;
};

}  // namespace aidp
