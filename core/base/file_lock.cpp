// SPDX-License-Identifier: Apache-2.0
#include "core/base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"

namespace aidp {

FileLock::FileLock(const std::filesystem::path& path, const std::string& what, const LockWait& wait, unsigned mode)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)) {
  using Clock = std::chrono::steady_clock;
  using namespace std::chrono_literals;
  if (!file_) throw_errno("cannot open " + path.string());
  ::fchmod(file_.get(), mode);  // of another user's file it fails, and that one is as good to lock
  const auto end = Clock::now() + wait.at_most;
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_errno("cannot lock " + path.string());
    const auto left = end - Clock::now();
    if (left <= 0ns || (wait.stop && wait.stop()))
      throw Error(Reason::store_locked, what + " is in use by another aidp", "wait until it has ended, then run the same command again");
    const timespec pause{0, std::min<std::chrono::nanoseconds>(left, 100ms).count()};  // flock knows no deadline
    ::nanosleep(&pause, nullptr);
  }
}

bool FileLock::is_at(const std::filesystem::path& path) const {
  struct stat own {
  }, there{};
  return ::fstat(file_.get(), &own) == 0 && ::lstat(path.c_str(), &there) == 0 && own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

}  // namespace aidp
