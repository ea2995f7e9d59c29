// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "core/base/file_lock.hpp"

namespace aidp {

enum class LockKind { shared, exclusive };

// A flock on an open file. Throws Error(store_locked), which calls it `what`, if another process still holds it when the wait is over.
void take_lock(int fd, LockKind kind, const std::filesystem::path& path, const std::string& what, const LockWait& wait);

// A flock on a folder that is there: shared by those that use what is in it, exclusive for whoever takes it away. It ends with the process.
class FolderLock {
 public:
  FolderLock(const std::filesystem::path& folder, LockKind kind, const std::string& what, const LockWait& wait = {});

 private:
  FileDescriptor folder_;
};

}  // namespace aidp
