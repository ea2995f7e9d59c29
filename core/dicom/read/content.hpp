// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

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

// The files of a request in the order in which they are wanted. Of small ones the next is read and hashed with the one asked for, as two
// hashes take little longer together than one.
class Contents {
 public:
  explicit Contents(std::vector<FileToRead> files) : files_(std::move(files)) {}
  // The content of a file; those listed before it are passed over. Throws as read_content() does.
  Content take(const FileToRead& file);

 private:
  std::vector<FileToRead> files_;
  std::ptrdiff_t next_ = 0;
  std::optional<Content> ahead_;  // of files_[next_]
};

}  // namespace aidp
