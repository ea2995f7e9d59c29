// SPDX-License-Identifier: Apache-2.0
#include "core/base/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"

namespace aidp {

void take_lock(int fd, LockKind kind, const std::filesystem::path& path, const std::string& what, const LockWait& wait) {
  using Clock = std::chrono::steady_clock;
  using namespace std::chrono_literals;
  const auto end = Clock::now() + wait.at_most;
  while (::flock(fd, (kind == LockKind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_errno("cannot lock " + path.string());
    const auto left = end - Clock::now();
    if (left <= 0ns || (wait.stop && wait.stop()))
      throw Error(Reason::store_locked, what + " is in use by another aidp", "wait until it has ended, then run the same command again");
    const timespec pause{0, std::min<std::chrono::nanoseconds>(left, 100ms).count()};  // flock knows no deadline
    ::nanosleep(&pause, nullptr);
  }
}

FolderLock::FolderLock(const std::filesystem::path& folder, LockKind kind, const std::string& what, const LockWait& wait)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
  if (!folder_) throw_errno("cannot open " + folder.string());
  take_lock(folder_.get(), kind, folder, what, wait);
}

}  // namespace aidp
