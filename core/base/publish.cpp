// SPDX-License-Identifier: Apache-2.0
#include "core/base/publish.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <random>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::string_view part_mark = ".part.";
constexpr std::size_t longest_kept_name = 200;  // of the 255 bytes that a name may have

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// A file that is gone with its object, unless it was renamed.
class Part {
 public:
  Part(const fs::path& folder, const fs::path& name, const fs::path& published) {
    std::random_device random;
    do {
      path_ = folder / ("." + name.string().substr(0, longest_kept_name) + std::string(part_mark) + std::to_string(random()));
      file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, private_file_mode));
    } while (!file_ && errno == EEXIST);
    if (!file_) throw_errno("cannot write " + published.string());
  }
  ~Part() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Part(const Part&) = delete;
  const fs::path& path() const { return path_; }
  void renamed() { path_.clear(); }

  // Whoever wrote it may have put a file of its own in its place.
  FileDescriptor written() const {
    FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) throw_errno("cannot read " + path_.string());
    return file;
  }

 private:
  fs::path path_;
  FileDescriptor file_;
};

// Where the content goes: a place for a regular file, or, if `open`, what is not one and is written to.
struct Target {
  fs::path path;
  FileDescriptor open;
};

[[noreturn]] void refuse(const fs::path& path, const std::string& why, const std::string& remedy) {
  throw Error(Reason::path_kind, path.string() + " " + why, remedy);
}

// A descriptor that this process was started with, if `link` is the /proc/self/fd/1 of /dev/stdout or one like it: what it leads to may be
// a file in whose middle the shell stands. Those that aidp opens itself are close-on-exec.
std::optional<FileDescriptor> inherited(const fs::path& link) {
  std::error_code unknown;
  const auto number = number_in<int>(link.filename().string());
  if (!number || fs::canonical(parent_of(link), unknown) != "/proc/" + std::to_string(::getpid()) + "/fd") return {};
  const int flags = ::fcntl(*number, F_GETFD);
  if (flags < 0 || (flags & FD_CLOEXEC) != 0) refuse(link, "is a descriptor that was not given to aidp", "name a file");
  return FileDescriptor(::fcntl(*number, F_DUPFD_CLOEXEC, 0));
}

FileDescriptor open_special(const fs::path& path, mode_t kind) {
  if (S_ISDIR(kind)) refuse(path, "is a folder", "name a file");
  if (S_ISBLK(kind)) refuse(path, "is a disk, which would lose its content", "name a file");
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file && errno == ENXIO)
    refuse(path, S_ISFIFO(kind) ? "is a pipe that nobody reads" : "cannot be written to", "start its reader first");
  if (!file) throw_errno("cannot write to " + path.string());
  return file;
}

Target target_of(const fs::path& named) {
  if (named.filename().empty()) refuse(named, "names a folder", "name a file");
  auto path = named;
  for (int links = 0; links <= 40; ++links) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      if (errno == ENOENT && links > 0)
        refuse(named, "is a symbolic link to " + path.string() + ", which does not exist", "remove the link");
      if (errno == ENOENT) return {path, FileDescriptor()};
      throw_errno("cannot write " + named.string());
    }
    if (S_ISREG(status.st_mode)) return {path, FileDescriptor()};
    if (!S_ISLNK(status.st_mode)) return {path, open_special(path, status.st_mode)};
    if (auto open = inherited(path)) return {path, *std::move(open)};
    path = parent_of(path) / fs::read_symlink(path);  // an absolute target stands alone
  }
  refuse(named, "is a symbolic link that leads back to itself", "remove the link");
}

// What takes nothing for a minute is given up.
void wait_writable(int fd, const fs::path& path) {
  pollfd place{fd, POLLOUT, 0};
  int ready = 0;
  while ((ready = ::poll(&place, 1, 60'000)) < 0 && errno == EINTR) {
  }
  if (ready == 0) throw Error(Reason::io_failed, "nothing has read from " + path.string() + " for a minute", "start its reader first");
}

void pour(const FileDescriptor& from, const Target& target) {
  std::string buffer(std::size_t{1} << 16, '\0');
  for (;;) {
    const auto got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read back what goes to " + target.path.string());
    if (got == 0) return;
    std::string_view rest(buffer.data(), static_cast<std::size_t>(got));
    while (!rest.empty()) {
      const auto put = ::write(target.open.get(), rest.data(), rest.size());
      if (put >= 0)
        rest.remove_prefix(static_cast<std::size_t>(put));
      else if (errno == EAGAIN)
        wait_writable(target.open.get(), target.path);
      else if (errno != EINTR)
        throw_errno("cannot write to " + target.path.string());
    }
  }
}

// Puts the temporary in its place. False: a file is there already and shall not be replaced.
bool place(Part& part, const Target& target, Overwrite overwrite, unsigned mode) {
  const auto file = part.written();
  if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) throw_errno("cannot sync " + part.path().string());
  int status = -1;
  if (overwrite == Overwrite::no) {
    status = ::renameat2(AT_FDCWD, part.path().c_str(), AT_FDCWD, target.path.c_str(), RENAME_NOREPLACE);
    if (status != 0 && errno == EEXIST) return false;
  }
  if (status != 0) status = ::rename(part.path().c_str(), target.path.c_str());  // some file systems know no NOREPLACE
  if (status != 0) throw_errno("cannot write " + target.path.string());
  part.renamed();
  fsync_folder(parent_of(target.path));
  return true;
}

bool publish_to(const Target& target, const std::function<void(const fs::path&)>& write, Overwrite overwrite, unsigned mode) {
  Part part(target.open ? fs::temp_directory_path() : parent_of(target.path), target.path.filename(), target.path);
  write(part.path());
  if (!target.open) return place(part, target, overwrite, mode);
  pour(part.written(), target);
  return true;
}

std::function<void(const fs::path&)> streamed(const fs::path& path, const std::function<void(std::ostream&)>& write) {
  return [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
    if (stream) write(stream);
    stream.close();
    if (!stream) throw_errno("cannot write " + path.string());
  };
}
}  // namespace

void publish_with(const fs::path& path, const std::function<void(const fs::path&)>& write, unsigned mode) {
  publish_to(target_of(path), write, Overwrite::yes, mode);
}

void publish_stream(const fs::path& path, const std::function<void(std::ostream&)>& write, unsigned mode) {
  publish_with(path, streamed(path, write), mode);
}

void publish(const fs::path& path, std::string_view content, Overwrite overwrite, unsigned mode) {
  const auto write = [&](std::ostream& stream) { stream.write(content.data(), static_cast<std::streamsize>(content.size())); };
  const auto target = target_of(path);
  const bool there = !target.open && overwrite == Overwrite::no && fs::exists(target.path);
  if (!there && publish_to(target, streamed(path, write), overwrite, mode)) return;
  if (sha256_file(target.path) != sha256(content))
    throw Error(Reason::output_foreign, path.string() + " exists with other content", "move it away or choose another output folder");
}

std::optional<std::string> published_name(std::string_view name) {
  const auto mark = name.rfind(part_mark);
  if (!name.starts_with('.') || mark == std::string_view::npos || mark < 2) return {};
  const auto number = name.substr(mark + part_mark.size());
  if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return {};
  return std::string(name.substr(1, mark - 1));
}

}  // namespace aidp
