// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/file_lock.hpp"

namespace aidp {

inline constexpr const char* output_lock_file = ".aidp.lock";  // in the output folder

// The lock on an output folder, which is made for it: one job at a time, whatever the store. What was made goes again unless keep() is
// called, so that a job that is refused leaves no trace.
// Throws Error(store_locked) if another process holds it when the wait is over, and as make_folder() does.
class OutputLock {
 public:
  OutputLock(const std::filesystem::path& out, const LockWait& wait);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;  // the innermost last
  std::optional<FileLock> lock_;
};

}  // namespace aidp
