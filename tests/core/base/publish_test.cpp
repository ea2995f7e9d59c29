// SPDX-License-Identifier: Apache-2.0
#include "core/base/publish.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;
namespace fs = std::filesystem;

namespace {
// The reason of the Error that `act` ends with; nothing if it ends without.
template <class Act>
std::optional<Reason> reason_of(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.reason();
  }
  return {};
}

std::optional<Reason> reason_of_publishing(const fs::path& path) {
  return reason_of([&] { publish(path, "content", Overwrite::yes); });
}

struct stat status_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

unsigned mode_of(const fs::path& path) { return status_of(path).st_mode & 07777; }
std::ptrdiff_t files_in(const fs::path& folder) { return std::distance(fs::directory_iterator(folder), {}); }

// Another umask until its end.
struct Umask {
  mode_t before;
  explicit Umask(mode_t mask) : before(::umask(mask)) {}
  ~Umask() { ::umask(before); }
};
}  // namespace

TEST_CASE("a file is published whole, and never replaced unless asked") {
  const Scratch scratch;
  const auto file = scratch.folder / "file";
  publish(file, "one", Overwrite::no);
  CHECK_NOTHROW(publish(file, "one", Overwrite::no));
  CHECK_THROWS_AS(publish(file, "two", Overwrite::no), Error);
  CHECK(read_file(file) == "one");
  CHECK_THROWS(publish_with(file, [](const auto&) { throw std::runtime_error("in the middle"); }));
  CHECK(read_file(file) == "one");
}

TEST_CASE("what is published has its permissions whatever the umask, and so have made folders") {
  const Scratch scratch;
  for (const mode_t mask : {0, 022, 077, 0777}) {
    const auto folder = scratch.folder / ("of" + std::to_string(mask)) / "deeper";
    const Umask umask(mask);
    make_folder(folder, "the folder");
    CHECK(mode_of(folder) == 0750);
    CHECK(mode_of(folder.parent_path()) == 0750);
    publish(folder / "a", "", Overwrite::no);
    CHECK(mode_of(folder / "a") == 0640);
    publish_with(folder / "b", [](const fs::path& part) {
      fs::remove(part);
      const FileDescriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666));
      write_all(file.get(), "by another library", "b");
    });
    CHECK(mode_of(folder / "b") == 0640);
    publish(folder / "c", "a key", Overwrite::no, private_file_mode);
    CHECK(mode_of(folder / "c") == 0600);
    make_folder(folder / "private", "the folder", private_folder_mode);
    CHECK(mode_of(folder / "private") == 0700);
    CHECK(mode_of(folder) == 0750);
  }
}

TEST_CASE("a symbolic link stays, and what it leads to is published") {
  const Scratch scratch;
  fs::create_directory(scratch.folder / "elsewhere");
  const auto target = scratch.folder / "elsewhere/target", link = scratch.folder / "link", second = scratch.folder / "second";
  publish(target, "old", Overwrite::no);
  fs::create_symlink("elsewhere/target", link);
  fs::create_symlink(link, second);
  publish(second, "new", Overwrite::yes);
  CHECK(read_file(target) == "new");
  CHECK(fs::read_symlink(link) == "elsewhere/target");
  CHECK(fs::is_symlink(second));
  CHECK(reason_of([&] { publish(link, "other", Overwrite::no); }) == Reason::output_foreign);
  CHECK_FALSE(reason_of([&] { publish(link, "new", Overwrite::no); }));
  CHECK(files_in(scratch.folder / "elsewhere") == 1);
  CHECK(files_in(scratch.folder) == 3);
}

TEST_CASE("a file is published into a folder that is a link") {
  const Scratch scratch;
  fs::create_directory(scratch.folder / "real");
  fs::create_directory_symlink("real", scratch.folder / "link");
  publish(scratch.folder / "link/file", "content", Overwrite::no);
  CHECK(read_file(scratch.folder / "real/file") == "content");
  CHECK(fs::is_symlink(scratch.folder / "link"));
}

TEST_CASE("a link to nothing, to itself, and a folder are refused and stay as they are") {
  const Scratch scratch;
  fs::create_symlink("nowhere", scratch.folder / "dangling");
  fs::create_symlink("loop", scratch.folder / "loop");
  fs::create_directory(scratch.folder / "folder");
  fs::create_directory_symlink("folder", scratch.folder / "link");
  for (const char* name : {"dangling", "loop", "folder", "folder/", "link", "link/"}) {
    INFO(name);
    CHECK(reason_of_publishing(scratch.folder / name) == Reason::path_kind);
  }
  CHECK(fs::is_symlink(scratch.folder / "dangling"));
  CHECK_FALSE(fs::exists(scratch.folder / "nowhere"));
  CHECK(fs::is_empty(scratch.folder / "folder"));
  CHECK(files_in(scratch.folder) == 4);
}

TEST_CASE("a device and a FIFO are written to and stay; a FIFO that nobody reads is not waited for") {
  const Scratch scratch;
  const auto null = status_of("/dev/null");
  CHECK_FALSE(reason_of_publishing("/dev/null"));
  CHECK(status_of("/dev/null").st_ino == null.st_ino);
  CHECK(reason_of_publishing("/dev/full") == Reason::disk_full);
  fs::create_symlink("/dev/null", scratch.folder / "null");
  CHECK_FALSE(reason_of_publishing(scratch.folder / "null"));
  const auto fifo = scratch.folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(reason_of_publishing(fifo) == Reason::path_kind);
  const FileDescriptor reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
  publish(fifo, "through the pipe", Overwrite::no);
  std::string got(100, '\0');
  got.resize(static_cast<std::size_t>(::read(reader.get(), got.data(), got.size())));
  CHECK(got == "through the pipe");
  publish_with(fifo, [](const fs::path& part) { std::ofstream(part) << "by another library"; });
  got.resize(100);
  got.resize(static_cast<std::size_t>(::read(reader.get(), got.data(), got.size())));
  CHECK(got == "by another library");
  CHECK(S_ISFIFO(status_of(fifo).st_mode));
  CHECK(files_in(scratch.folder) == 2);
}

TEST_CASE("a descriptor that was given is written to where it stands, one of aidp's own is refused") {
  const Scratch scratch;
  const auto file = scratch.folder / "log";
  const int given = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(given >= 0);
  write_all(given, "before, ", "log");
  const auto path = fs::path("/dev/fd") / std::to_string(given);
  publish(path, "after", Overwrite::yes);
  CHECK(read_file(file) == "before, after");
  ::fcntl(given, F_SETFD, FD_CLOEXEC);
  CHECK(reason_of_publishing(path) == Reason::path_kind);
  ::close(given);
  CHECK(reason_of_publishing(path) == Reason::path_missing);
  CHECK(read_file(file) == "before, after");
}

TEST_CASE("another hard link keeps the content that it had") {
  const Scratch scratch;
  const auto file = scratch.file("input", "old"), other = (scratch.folder / "output").string();
  fs::create_hard_link(file, other);
  publish(other, "new", Overwrite::yes);
  CHECK(read_file(file) == "old");
  CHECK(read_file(other) == "new");
}

TEST_CASE("a temporary that fails is gone, one that a killed process left is known by its name and in nobody's way") {
  const Scratch scratch;
  const auto file = scratch.folder / "file";
  CHECK_THROWS(publish_stream(file, [](std::ostream&) { throw std::runtime_error("in the middle"); }));
  CHECK(files_in(scratch.folder) == 0);
  std::string part;
  publish_with(file, [&](const fs::path& temporary) { part = temporary.filename(); });
  CHECK(published_name(part) == "file");
  fs::create_symlink("/etc/passwd", scratch.folder / part);
  CHECK_FALSE(reason_of_publishing(file));
  CHECK_FALSE(reason_of_publishing(scratch.folder / std::string(250, 'x')));
  for (const char* name : {"file", ".part.1", ".file.part.", ".file.part.1x", "file.part.1", ".file.1"}) CHECK_FALSE(published_name(name));
}
