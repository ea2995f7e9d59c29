// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/file.hpp"
#include "core/base/file_state.hpp"

namespace aidp {

// An input file, opened once and read from there: what was looked at is what is read. The only way to a patient's file, so that a worker
// without paths can be handed descriptors here.
struct InputFile {
  FileDescriptor file;
  FileState state;  // of what was opened
};

// `scanned`: what it was when its header was read. Throws Error(dicom_changed) if it is another by now, is gone or is not a file any more;
// without that Error(not_dicom) for what is not a regular file; else Error(dicom_unreadable).
InputFile open_input(const std::string& path, const std::optional<FileState>& scanned = {});
// As it is now. Throws Error(dicom_changed) if that is not what it was as it was opened.
void require_unchanged(const InputFile& input);

}  // namespace aidp
