// SPDX-License-Identifier: Apache-2.0
#include "core/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.hpp"

namespace aidp {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() { return std::exchange(fd_, -1); }

void throw_errno(const std::string& what) {
  const int code = errno;
  if (code == ENOSPC || code == EDQUOT)
    throw Error(Reason::disk_full, what + ": " + std::strerror(code), "free some space and run the same command again: it resumes");
  if (code == EACCES || code == EPERM || code == EROFS)
    throw Error(Reason::path_unreadable, what + ": " + std::strerror(code), "give this user permission or choose another path");
  if (code == ENOENT || code == ENOTDIR || code == ELOOP || code == ENAMETOOLONG)
    throw Error(Reason::path_missing, what + ": " + std::strerror(code), "check the path");
  throw Error(Reason::io_failed, what + ": " + std::strerror(code));
}

void throw_filesystem(const std::filesystem::filesystem_error& error) {
  errno = error.code().value();
  throw_errno("cannot use " + (error.path1().empty() ? "a file" : error.path1().string()));
}

FileDescriptor open_regular(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO would be waited for
  if (!file) throw_errno("cannot open " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("cannot stat " + path.string());
  if (!S_ISREG(status.st_mode)) throw Error(Reason::path_kind, path.string() + " is not a regular file", "name a regular file");
  return file;
}

std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const auto file = open_regular(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("cannot stat " + path.string());
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit_bytes)
    throw Error(Reason::pixels_limit,
                path.string() + " has " + std::to_string(size) + " bytes; the limit is " + std::to_string(limit_bytes));
  std::string content(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::read(file.get(), content.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read " + path.string());
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

void write_all(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const auto put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw_errno("cannot write " + what);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void fsync_folder(const std::filesystem::path& folder) {
  const FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) throw_errno("cannot sync folder " + folder.string());
}

void check_folder(const std::filesystem::path& folder, const std::string& what) {
  const auto nearest = nearest_existing(folder);
  if (!std::filesystem::is_directory(nearest))
    throw Error(Reason::path_missing, what + " " + folder.string() + " cannot be made: " + nearest.string() + " is not a folder",
                "choose another path");
  if (::access(nearest.c_str(), W_OK | X_OK) != 0) throw_errno("cannot write to " + what + " " + folder.string());
}

void make_folder(const std::filesystem::path& folder, const std::string& what, unsigned mode) {
  check_folder(folder, what);
  std::filesystem::path made;
  for (const auto& part : std::filesystem::absolute(folder)) {
    made /= part;
    std::error_code unknown;
    if (std::filesystem::is_directory(made, unknown)) continue;
    if (::mkdir(made.c_str(), mode) == 0 ? ::chmod(made.c_str(), mode) != 0 : !std::filesystem::is_directory(made, unknown))
      throw_errno("cannot make " + what + " " + folder.string());
  }
}

std::filesystem::path nearest_existing(const std::filesystem::path& path) {
  std::error_code unknown;  // below a folder that may not be entered: not there, as far as this user can tell
  auto place = std::filesystem::absolute(path);
  while (!std::filesystem::exists(place, unknown) && place.has_relative_path()) place = place.parent_path();
  return place;
}

std::uintmax_t free_bytes(const std::filesystem::path& path) { return std::filesystem::space(nearest_existing(path)).available; }

}  // namespace aidp
