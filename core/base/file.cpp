// SPDX-License-Identifier: Apache-2.0
#include "core/base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"

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

std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO would be waited for
  if (!file) throw_errno("cannot open " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("cannot stat " + path.string());
  if (!S_ISREG(status.st_mode)) throw Error(Reason::io_failed, path.string() + " is not a regular file");
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

void fsync_folder(const std::filesystem::path& folder) {
  const FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) throw_errno("cannot sync folder " + folder.string());
}

static std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

void publish_with(const std::filesystem::path& path, const std::function<void(const std::filesystem::path&)>& write) {
  const auto temporary = parent_of(path) / ("." + path.filename().string() + ".part." + std::to_string(::getpid()));
  try {
    write(temporary);
    const FileDescriptor file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) throw_errno("cannot sync " + temporary.string());
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno("cannot publish " + path.string());
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  fsync_folder(parent_of(path));
}

void publish_stream(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write) {
  publish_with(path, [&](const std::filesystem::path& temporary) {
    errno = 0;
    std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
    if (stream) write(stream);
    stream.close();
    if (!stream) throw_errno("cannot write " + path.string());
  });
}

void publish(const std::filesystem::path& path, std::string_view content, Overwrite overwrite) {
  if (overwrite == Overwrite::no && std::filesystem::exists(path)) {
    if (sha256_file(path) == sha256(content)) return;
    throw Error(Reason::output_foreign, path.string() + " exists with other content", "move it away or choose another output folder");
  }
  publish_stream(path, [&](std::ostream& stream) { stream.write(content.data(), static_cast<std::streamsize>(content.size())); });
}

FileLock::FileLock(const std::filesystem::path& path, const std::string& what)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (!file_) throw_errno("cannot open " + path.string());
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) throw_errno("cannot lock " + path.string());
  throw Error(Reason::store_locked, what + " is in use by another aidp", "wait for it to end, then run the same command again");
}

void check_folder(const std::filesystem::path& folder, const std::string& what) {
  const auto nearest = nearest_existing(folder);
  if (!std::filesystem::is_directory(nearest))
    throw Error(Reason::path_missing, what + " " + folder.string() + " cannot be: " + nearest.string() + " is no folder",
                "choose another path");
  if (::access(nearest.c_str(), W_OK | X_OK) != 0) throw_errno("cannot write to " + what + " " + folder.string());
}

void make_folder(const std::filesystem::path& folder, const std::string& what) {
  check_folder(folder, what);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  errno = error.value();
  if (error) throw_errno("cannot make " + what + " " + folder.string());
}

std::filesystem::path nearest_existing(const std::filesystem::path& path) {
  std::error_code unknown;  // below a folder that may not be entered: not there, as far as this user can tell
  auto place = std::filesystem::absolute(path);
  while (!std::filesystem::exists(place, unknown) && place.has_relative_path()) place = place.parent_path();
  return place;
}

std::uintmax_t free_bytes(const std::filesystem::path& path) { return std::filesystem::space(nearest_existing(path)).available; }

}  // namespace aidp
