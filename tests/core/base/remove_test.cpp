// SPDX-License-Identifier: Apache-2.0
#include "core/base/remove.hpp"

#include <sys/stat.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;
namespace fs = std::filesystem;

namespace {
const auto all = [](const fs::path&) { return true; };

template <class Act>
bool refused(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.reason() == Reason::path_kind;
  }
  return false;
}

// A foreign folder with a file, and a folder of ours with a link to it and a file of its own.
struct Trap : Scratch {
  fs::path ours = folder / "ours", foreign = folder / "foreign";
  Trap() {
    fs::create_directories(ours / "masks/study");
    fs::create_directory(foreign);
    std::ofstream(foreign / "precious") << "x";
    std::ofstream(ours / "masks/study/mask") << "x";
    fs::create_directory_symlink(foreign, ours / "link");
    fs::create_symlink(foreign / "precious", ours / "masks/to_a_file");
    fs::create_directory_symlink(foreign, ours / "masks/to_a_folder");
  }
};
}  // namespace

TEST_CASE("a file is removed with the folders that it leaves empty") {
  const Trap trap;
  std::ofstream(trap.ours / "masks/study/second") << "x";
  CHECK(remove_below(trap.ours, "masks/study/mask"));
  CHECK_FALSE(remove_below(trap.ours, "masks/study/mask"));
  CHECK(fs::exists(trap.ours / "masks/study"));
  CHECK(remove_below(trap.ours, "masks/study/second"));
  CHECK_FALSE(fs::exists(trap.ours / "masks/study"));
  CHECK(fs::exists(trap.ours / "masks"));
  CHECK_FALSE(remove_below(trap.ours, "masks/study/second"));
  CHECK_FALSE(remove_below(trap.folder / "none", "mask"));
}

TEST_CASE("nothing is removed behind a link") {
  const Trap trap;
  CHECK(refused([&] { remove_below(trap.ours, "link/precious"); }));
  CHECK(refused([&] { remove_below(trap.ours, "masks/to_a_folder/precious"); }));
  CHECK(refused([&] { remove_files_below(trap.ours, "link", all); }));
  for (const char* out : {"../foreign/precious", "masks/../../foreign/precious", "/etc/passwd", "masks/./x"})
    CHECK_THROWS_AS(remove_below(trap.ours, out), Error);
  remove_files_below(trap.ours, "", all);
  CHECK(fs::is_empty(trap.ours));
  CHECK(read_file(trap.foreign / "precious") == "x");
}

TEST_CASE("a link itself may be removed, and a folder that is named by one is worked in") {
  const Trap trap;
  CHECK(remove_below(trap.ours, "masks/to_a_file"));
  CHECK(remove_below(trap.ours, "masks/to_a_folder"));
  fs::create_directory_symlink(trap.ours, trap.folder / "named");
  CHECK(remove_below(trap.folder / "named", "masks/study/mask"));
  CHECK(fs::exists(trap.foreign / "precious"));
}

TEST_CASE("only what is chosen is removed, and foreign empty folders stay") {
  const Trap trap;
  fs::create_directory(trap.ours / "masks/empty");
  std::vector<fs::path> seen;
  remove_files_below(trap.ours, "masks", [&](const fs::path& path) {
    seen.push_back(path);
    return path == "masks/study/mask";
  });
  CHECK(seen.size() == 3);
  CHECK_FALSE(fs::exists(trap.ours / "masks/study"));
  CHECK(fs::exists(trap.ours / "masks/empty"));
  CHECK(fs::is_symlink(trap.ours / "masks/to_a_file"));
  remove_files_below(trap.ours, "none", all);
  remove_files_below(trap.folder / "none", "", all);
}

TEST_CASE("folders are made below another through no link") {
  const Trap trap;
  const auto make = [&](const char* relative) { make_folder_below(trap.ours, relative, "the output folder", output_folder_mode); };
  make("masks/1.2/3.4");
  make("masks/1.2/3.4");
  CHECK(fs::status(trap.ours / "masks/1.2/3.4").permissions() == fs::perms(0750));
  CHECK(refused([&] { make("link/1.2"); }));
  CHECK(refused([&] { make("masks/study/mask/1.2"); }));
  CHECK_FALSE(fs::exists(trap.foreign / "1.2"));
}
