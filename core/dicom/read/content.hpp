// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace aidp {

// A file as it was read: its bytes and their SHA-256, hex.
struct Content {
  std::string bytes, sha256;
};

// Throws Error(pixels_limit) for a file of more than 2 GiB, else Error(dicom_unreadable).
Content read_content(const std::string& path);

// The files of a request in the order in which they are wanted. Of small ones the next is read and hashed with the one asked for, as two
// hashes take little longer together than one.
class Contents {
 public:
  explicit Contents(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  // The content of `path`; files listed before it are passed over. Throws as read_content() does.
  Content take(const std::string& path);

 private:
  std::vector<std::string> paths_;
  std::ptrdiff_t next_ = 0;
  std::optional<Content> ahead_;  // of paths_[next_]
};

}  // namespace aidp
