// SPDX-License-Identifier: Apache-2.0
#include "core/base/remove.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

[[noreturn]] void refuse(const fs::path& folder) {
  throw Error(Reason::path_kind, folder.string() + " is not a folder but a file or a symbolic link, which is not followed here",
              "move it away and run the same command again");
}

FileDescriptor open_root(const fs::path& folder) { return FileDescriptor(::open(folder.c_str(), folder_flags)); }

// Nothing if it is not there.
std::optional<FileDescriptor> open_in(const FileDescriptor& parent, const fs::path& name, const fs::path& path) {
  FileDescriptor file(::openat(parent.get(), name.c_str(), folder_flags | O_NOFOLLOW));
  if (file) return file;
  if (errno == ENOENT) return {};
  if (errno == ENOTDIR || errno == ELOOP) refuse(path);
  throw_errno("cannot open " + path.string());
}

std::vector<fs::path> parts_of(const fs::path& relative) {
  std::vector<fs::path> parts;
  for (const auto& part : relative) {
    if (part == ".." || part == "." || part == "/" || part.empty())
      throw Error(Reason::internal, "'" + relative.string() + "' is not a plain path below a folder");
    parts.push_back(part);
  }
  return parts;
}

std::vector<std::string> names_in(const FileDescriptor& folder, const fs::path& path) {
  FileDescriptor again(::openat(folder.get(), ".", folder_flags));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(again ? ::fdopendir(again.get()) : nullptr, ::closedir);
  if (!stream) throw_errno("cannot list " + path.string());
  static_cast<void>(again.release());  // closedir() closes it
  std::vector<std::string> names;
  errno = 0;
  while (const auto* entry = ::readdir(stream.get())) names.emplace_back(entry->d_name);
  if (errno != 0) throw_errno("cannot list " + path.string());
  std::erase_if(names, [](const auto& name) { return name == "." || name == ".."; });
  return names;
}

class Remover {
 public:
  Remover(const fs::path& root, const std::function<bool(const fs::path&)>& chosen) : root_(root), chosen_(chosen) {}

  // Whether anything was removed.
  bool visit(const FileDescriptor& folder, const fs::path& relative) {
    bool removed = false;
    for (const auto& name : names_in(folder, root_ / relative)) {
      const auto path = relative / name;
      struct stat status {};
      if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        throw_errno("cannot examine " + (root_ / path).string());
      }
      if (S_ISDIR(status.st_mode))
        removed |= enter(folder, name, path);
      else if (chosen_(path))
        removed |= remove(folder, name, path);
    }
    return removed;
  }

 private:
  bool enter(const FileDescriptor& folder, const std::string& name, const fs::path& path) {
    const auto below = open_in(folder, name, root_ / path);
    const bool removed = below && visit(*below, path);
    if (removed) ::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR);  // unless something is left in it
    return removed;
  }

  bool remove(const FileDescriptor& folder, const std::string& name, const fs::path& path) {
    if (::unlinkat(folder.get(), name.c_str(), 0) == 0) return true;
    if (errno != ENOENT) throw_errno("cannot remove " + (root_ / path).string());
    return false;
  }

  const fs::path& root_;
  const std::function<bool(const fs::path&)>& chosen_;
};
}  // namespace

bool remove_below(const fs::path& folder, const fs::path& relative) {
  const auto parts = parts_of(relative);
  std::vector<FileDescriptor> open;
  open.push_back(open_root(folder));
  if (!open.back()) {
    if (errno == ENOENT) return false;
    throw_errno("cannot open " + folder.string());
  }
  auto path = folder;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    auto next = open_in(open.back(), parts[i], path /= parts[i]);
    if (!next) return false;
    open.push_back(*std::move(next));
  }
  const bool removed = ::unlinkat(open.back().get(), parts.back().c_str(), 0) == 0;
  if (!removed && errno != ENOENT) throw_errno("cannot remove " + (folder / relative).string());
  for (std::size_t i = parts.size() - 1; i > 0 && ::unlinkat(open[i - 1].get(), parts[i - 1].c_str(), AT_REMOVEDIR) == 0; --i) {
  }
  return removed;
}

void remove_files_below(const fs::path& folder, const fs::path& relative, const std::function<bool(const fs::path&)>& chosen) {
  auto open = std::optional(open_root(folder));
  if (!*open) {
    if (errno == ENOENT) return;
    throw_errno("cannot open " + folder.string());
  }
  auto path = folder;
  for (const auto& part : parts_of(relative)) {
    open = open_in(*open, part, path /= part);
    if (!open) return;
  }
  Remover(folder, chosen).visit(*open, relative);
}

void make_folder_below(const fs::path& folder, const fs::path& relative, const std::string& what, unsigned mode) {
  auto open = open_root(folder);
  if (!open) throw_errno("cannot open " + what + " " + folder.string());
  auto path = folder;
  for (const auto& part : parts_of(relative)) {
    path /= part;
    const bool made = ::mkdirat(open.get(), part.c_str(), mode) == 0;
    if (!made && errno != EEXIST) throw_errno("cannot make " + path.string());
    auto next = open_in(open, part, path);
    if (!next || (made && ::fchmod(next->get(), mode) != 0)) throw_errno("cannot make " + path.string());
    open = *std::move(next);
  }
}

}  // namespace aidp
