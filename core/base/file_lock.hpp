// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "core/base/file.hpp"

namespace aidp {

// How long a lock that another process holds is waited for.
struct LockWait {
  std::chrono::milliseconds at_most{0};
  std::function<bool()> stop;  // asked ten times a second and after every signal: true ends the wait; it may throw an Error of its own
};

// An exclusive flock on a file, which is made with `mode` and never through a link; it ends with the process, so it is never stale.
// Throws Error(store_locked), which calls it `what`, if another process still holds it when the wait is over.
class FileLock {
 public:
  FileLock(const std::filesystem::path& path, const std::string& what, const LockWait& wait = {}, unsigned mode = private_file_mode);
  // Whether the file at `path` is still the one that is locked, and not another that was made after that one was removed.
  bool is_at(const std::filesystem::path& path) const;

 private:
  FileDescriptor file_;
};

}  // namespace aidp
