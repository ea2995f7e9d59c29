// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
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

// A regular file, open for reading. Throws as throw_errno() does, Error(path_kind) for anything else; waits for no FIFO.
FileDescriptor open_regular(const std::filesystem::path& path);
// The whole file. Throws as open_regular() does, Error(pixels_limit) beyond `limit_bytes`.
std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes = std::size_t{1} << 30);

// Writes all of it, however often the system takes a part only. Throws as throw_errno() does, with `what` it is.
void write_all(int fd, std::string_view bytes, const std::string& what);

void fsync_folder(const std::filesystem::path& folder);

// Permissions of what aidp writes, whatever the umask: outputs, which a group may read, and the store's own.
inline constexpr unsigned output_file_mode = 0640, output_folder_mode = 0750, private_file_mode = 0600, private_folder_mode = 0700;

// Throws unless `folder` is one that this user may write to, or can be made: Error(path_missing) if the path leads through a file,
// Error(path_unreadable) if there is no permission. `what` says whose it is: "the output folder".
void check_folder(const std::filesystem::path& folder, const std::string& what);
// The same, and makes it with its missing parents, each with `mode`; a folder that is there keeps its own. Throws as throw_errno() does.
void make_folder(const std::filesystem::path& folder, const std::string& what, unsigned mode = output_folder_mode);

// `path`, or the nearest of its parents that is there for this user.
std::filesystem::path nearest_existing(const std::filesystem::path& path);
// Free bytes for this user on the file system of `path` (or of its nearest existing parent).
std::uintmax_t free_bytes(const std::filesystem::path& path);

}  // namespace aidp
