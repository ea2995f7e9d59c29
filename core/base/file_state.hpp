// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct stat;

namespace aidp {

// What tells, without reading it, that a file is still the one it was. mtime can be set back (rsync -t, tar), ctime cannot.
struct FileState {
  std::int64_t size = 0, mtime_ns = 0, ctime_ns = 0, inode = 0;
  bool operator==(const FileState&) const = default;
};

// As it is now; nothing where it cannot be looked at.
std::optional<FileState> file_state(const std::string& path);
FileState file_state(const struct stat& status);

}  // namespace aidp
