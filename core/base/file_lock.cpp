// SPDX-License-Identifier: Apache-2.0
#include "core/base/file_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/base/folder_lock.hpp"

namespace aidp {

FileLock::FileLock(const std::filesystem::path& path, const std::string& what, const LockWait& wait, unsigned mode)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)) {
  if (!file_) throw_errno("cannot open " + path.string());
  ::fchmod(file_.get(), mode);  // of another user's file it fails, and that one is as good to lock
  take_lock(file_.get(), LockKind::exclusive, path, what, wait);
}

bool FileLock::is_at(const std::filesystem::path& path) const {
  struct stat own {
  }, there{};
  return ::fstat(file_.get(), &own) == 0 && ::lstat(path.c_str(), &there) == 0 && own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

}  // namespace aidp
