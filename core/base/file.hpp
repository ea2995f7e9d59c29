// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace aidp {

// Owns a file descriptor; -1 is none.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const { return fd_; }
  int release();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Throws Error with `what` and the text of errno: disk_full for ENOSPC and EDQUOT; path_unreadable for EACCES, EPERM and EROFS;
// path_missing for ENOENT and for names that no file can have (ENOTDIR, ELOOP, ENAMETOOLONG); io_failed otherwise.
[[noreturn]] void throw_errno(const std::string& what);
// The same for what std::filesystem throws, naming its path.
[[noreturn]] void throw_filesystem(const std::filesystem::filesystem_error& error);

// The whole file. Throws as throw_errno() does, Error(io_failed) for what is no file, Error(pixels_limit) beyond `limit_bytes`.
std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes = std::size_t{1} << 30);

enum class Overwrite { no, yes };

// Publishes a file whole or not at all: writes a temporary beside it, fsyncs, renames, fsyncs the folder.
// With Overwrite::no an existing file of the same content is a success, of other content an Error(output_foreign).
void publish(const std::filesystem::path& path, std::string_view content, Overwrite overwrite);
// The same for content that is streamed.
void publish_stream(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write);
// The same for a file that another library or process writes: gives `write` the temporary's path. Overwrites.
void publish_with(const std::filesystem::path& path, const std::function<void(const std::filesystem::path&)>& write);

void fsync_folder(const std::filesystem::path& folder);

// An exclusive flock on a file; it ends with the process, so it is never stale. Throws Error(store_locked) with `what` if it is held.
class FileLock {
 public:
  FileLock(const std::filesystem::path& path, const std::string& what);

 private:
  FileDescriptor file_;
};

// Throws unless `folder` is one that this user may write to, or can be made: Error(path_missing) where the path leads through a file,
// Error(path_unreadable) where there is no permission. `what` says whose it is: "the output folder".
void check_folder(const std::filesystem::path& folder, const std::string& what);
// The same, and makes it with its parents; throws as throw_errno() does.
void make_folder(const std::filesystem::path& folder, const std::string& what);

// `path`, or the nearest of its parents that is there for this user.
std::filesystem::path nearest_existing(const std::filesystem::path& path);
// Free bytes for this user on the file system of `path` (or of its nearest existing parent).
std::uintmax_t free_bytes(const std::filesystem::path& path);

}  // namespace aidp
