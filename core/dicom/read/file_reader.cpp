// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/file_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace aidp {

namespace {
[[noreturn]] void unreadable(const std::string& what, int error) {
  throw Error(Reason::dicom_unreadable, what + ": " + std::strerror(error));
}

// As file_state() has it, of what is open.
FileState state_of(const struct stat& status) {
  const auto ns = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
  return {status.st_size, ns(status.st_mtim), ns(status.st_ctim), static_cast<std::int64_t>(status.st_ino)};
}
}  // namespace

FileReader::FileReader(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (!file_) unreadable("cannot be opened", errno);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) unreadable("cannot be looked at", errno);
  if (!S_ISREG(status.st_mode)) throw Error(Reason::not_dicom, "not a regular file");
  state_ = state_of(status);
}

std::size_t FileReader::read(std::span<std::byte> out, std::int64_t offset) {
  std::size_t done = 0;
  while (done < out.size() && error_ == 0) {
    const auto got = ::pread(file_.get(), out.data() + done, out.size() - done, offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = errno;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void FileReader::check() const {
  if (error_ != 0) unreadable("cannot be read", error_);
}

}  // namespace aidp
