// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/dicom/read/file_reader.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;

using Directory = std::unique_ptr<DIR, decltype([](DIR* directory) { ::closedir(directory); })>;

PathKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return PathKind::file;
  if (S_ISDIR(mode)) return PathKind::folder;
  return S_ISLNK(mode) ? PathKind::link : PathKind::other;
}

ListedEntry described(int folder, const dirent& entry) {
  const bool is_file = entry.d_type == DT_REG;
  if (!is_file && entry.d_type != DT_UNKNOWN) return {entry.d_name, kind_of(DTTOIF(entry.d_type)), {}, 0};
  struct stat status {};
  if (::fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return {entry.d_name, is_file ? PathKind::file : PathKind::unknown, {}, errno};
  const auto kind = kind_of(status.st_mode);
  return {entry.d_name, kind, kind == PathKind::file ? file_state(status) : FileState{}, 0};
}

// Some file systems know a place only as long as the folder is open: then the entry is looked for by its name, and one that is gone has all
// listed again, as nothing is listed twice.
void go_on_after(DIR* directory, const FolderPlace& place) {
  if (place.after.empty()) return;
  ::seekdir(directory, place.cookie);
  const auto* entry = ::readdir(directory);
  if (entry && entry->d_name == place.after) return;
  ::rewinddir(directory);
  while ((entry = ::readdir(directory)))
    if (entry->d_name == place.after) return;
  ::rewinddir(directory);
}

ListedFolder list(const FolderPlace& place, std::size_t room) {
  ListedFolder folder;
  folder.cookie = place.cookie;
  folder.more = room == 0;
  if (folder.more) return folder;
  FileDescriptor opened(::open(place.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const Directory directory(opened ? ::fdopendir(opened.get()) : nullptr);
  if (!directory) {
    folder.error = errno;
    return folder;
  }
  const int fd = opened.release();
  go_on_after(directory.get(), place);
  while (true) {
    const auto before = ::telldir(directory.get());
    errno = 0;
    const auto* entry = ::readdir(directory.get());
    if (!entry) {
      folder.error = errno;
      return folder;
    }
    if (const std::string_view name = entry->d_name; name == "." || name == "..") continue;
    folder.more = folder.entries.size() == room;
    if (folder.more) return folder;
    folder.entries.push_back(described(fd, *entry));
    folder.cookie = before;
  }
}

LookedAt look(const std::string& path) {
  LookedAt looked;
  std::error_code error;
  auto real = fs::canonical(path, error);
  struct stat status {};
  if (error) {
    std::error_code unknown;
    real = fs::weakly_canonical(path, unknown);
    if (unknown) real = fs::path(path).lexically_normal();
    if (!real.has_filename() && real.has_relative_path()) real = real.parent_path();  // it was named with a slash at its end
    looked.error = error.value();
  } else if (::stat(real.c_str(), &status) != 0) {
    looked.error = errno;
  } else {
    looked.kind = kind_of(status.st_mode);
    looked.readable = ::access(real.c_str(), looked.kind == PathKind::folder ? R_OK | X_OK : R_OK) == 0;
    if (looked.kind == PathKind::file) looked.state = file_state(status);
  }
  looked.path = real.string();
  return looked;
}
}  // namespace

ListReply list(const ListRequest& request) {
  ListReply reply;
  auto room = ListRequest::most_entries;
  for (const auto& place : request.folders) {
    reply.folders.push_back(list(place, room));
    room -= reply.folders.back().entries.size();
  }
  return reply;
}

LookReply look(const LookRequest& request) {
  LookReply reply;
  for (const auto& path : request.paths) reply.paths.push_back(look(path));
  return reply;
}

HashReply hash(const HashRequest& request) {
  FileReader file(request.path);
  Sha256 sha256;
  std::vector<std::byte> bytes(bytes_at_once);
  for (std::int64_t done = 0;;) {
    const auto got = file.read(bytes, done);
    if (got == 0) break;
    sha256.update(std::span(bytes).first(got));
    done += static_cast<std::int64_t>(got);
  }
  file.check();
  return {hex(sha256.finish())};
}

}  // namespace aidp
