// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/file_state.hpp"

namespace aidp {

// A file as it was read: its bytes and their SHA-256, hex.
struct Content {
  std::string bytes, sha256;
};

// A file that is to be read, and what it was when its header was.
struct FileToRead {
  std::string path;
  std::optional<FileState> scanned;
};

// Throws Error(pixels_limit) for a file of more than 2 GiB, else as open_input() does.
Content read_content(const FileToRead& file);

}  // namespace aidp
