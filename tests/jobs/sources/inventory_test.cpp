// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/inventory.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/base/packed.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "jobs/protocol/list_messages.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
// Whether each child of this process has answered all that it was sent: it sleeps until there is more (proc(5), /proc/pid/stat).
bool children_sleep() {
  const auto self = std::to_string(::getpid());
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string pid, name, state, parent;
    if (file >> pid >> name >> state >> parent && parent == self && state == "R") return false;
  }
  return true;
}

Crew::Options readers(const Pool& images, int depth = 2) {
  return {.program = "aidp-worker-dicom",
          .depth = depth,
          .input_fd = images.fd(),
          .greeting = {{HelloRequest::op, packed(HelloRequest{"reader"}), {}}}};
}

// While it lives, DICOM workers do not answer requests `op` for paths that hold `part` (tests/jobs/fake/liar.cpp).
struct Stall {
  Scratch scratch;
  Stall(const std::string& op, const std::string& part) {
    const auto workers = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    std::filesystem::create_symlink(workers, scratch.folder / "true");
    std::filesystem::create_symlink(workers / "aidp_liar", scratch.folder / "aidp-worker-dicom");
    scratch.file("lie", op + "\nstall\n" + part + "\n");
    ::setenv("AIDP_WORKER_DIR", scratch.folder.c_str(), 1);
  }
  ~Stall() { ::unsetenv("AIDP_WORKER_DIR"); }
};

// Of a folder whose parts have a second each to answer.
Inventory soon_answered(const std::filesystem::path& folder) {
  HeaderIndex index({}, {});
  const Pool images(1 << 20);
  Crew dicom(readers(images));
  Inputs inputs{{folder}, {}};
  inputs.answer_within = std::chrono::seconds(1);
  return take_inventory(inputs, index, dicom, [](auto, auto) {});
}

std::vector<std::string> paths_of(const std::vector<LooseFile>& files) {
  std::vector<std::string> paths;
  for (const auto& file : files) paths.push_back(file.path);
  return paths;
}
}  // namespace

TEST_CASE("every file is read where the workers are always faster than the supervisor") {
  const Scratch scratch;
  const std::size_t files = GENERATE(300U, 600U, 900U);
  for (std::size_t i = 0; i < files; ++i) scratch.file(std::to_string(i), "no DICOM");
  HeaderIndex index({}, {});
  const Pool images(1 << 20);
  Crew dicom(readers(images, 1));
  const auto inventory = take_inventory({{scratch.folder}, {}}, index, dicom, [](auto, auto) {
    while (!children_sleep()) std::this_thread::yield();
  });
  CHECK(inventory.headers_read == static_cast<std::int64_t>(files));
  CHECK(inventory.loose.size() == files);
}

TEST_CASE("a folder of many entries is listed whole, in as many answers as it takes") {
  const Scratch scratch;
  const std::size_t files = 2 * ListRequest::most_entries + 100;
  std::filesystem::create_directories(scratch.folder / "a/b");
  for (std::size_t i = 0; i < files; ++i) scratch.file("a/" + std::to_string(i), "");
  scratch.file("a/b/last", "");
  const Pool images(1 << 20);
  Crew dicom(readers(images));
  std::vector<LooseFile> loose;
  auto found = list_files({{scratch.folder}, {}}, dicom, loose);
  std::ranges::sort(found, {}, &ListedFile::path);
  CHECK(std::ranges::adjacent_find(found, {}, &ListedFile::path) == found.end());
  CHECK(found.size() == files + 1);
  CHECK(loose.empty());
}

TEST_CASE("a folder that does not answer is not listed, and costs itself alone") {
  const Scratch scratch;
  for (const char* name : {"alive", "dead"}) {
    std::filesystem::create_directory(scratch.folder / name);
    scratch.file(std::string(name) + "/1", "no DICOM");
  }
  const Stall stall("list", "/dead");
  const auto inventory = soon_answered(scratch.folder);
  const auto dead = (scratch.folder / "dead").string();
  CHECK(inventory.unlisted == std::vector{dead});
  REQUIRE(paths_of(inventory.loose) == std::vector{(scratch.folder / "alive/1").string(), dead});
  CHECK(inventory.loose[1].reason == Reason::dicom_unreadable);
  CHECK(inventory.loose[1].message == "the folder cannot be listed: it did not answer within 1 s; is the share still there?");
}

TEST_CASE("once folders in a row have not answered, an input is taken for dead") {
  const Scratch scratch;
  for (int i = 0; i < 9; ++i) std::filesystem::create_directory(scratch.folder / ("dead" + std::to_string(i)));
  const Stall stall("list", "/dead");
  const auto inventory = soon_answered(scratch.folder);
  CHECK(inventory.unlisted.size() == 9);
  const auto not_asked = [](const auto& file) { return file.message.find("it was not listed") != std::string::npos; };
  CHECK(std::ranges::count_if(inventory.loose, not_asked) >= 9 - 4);
}

TEST_CASE("a link that does not answer costs itself alone") {
  const Scratch scratch;
  scratch.file("file", "no DICOM");
  std::filesystem::create_symlink("file", scratch.folder / "dead");
  std::filesystem::create_symlink("nothing", scratch.folder / "broken");
  const Stall stall("look", "/dead");
  const auto inventory = soon_answered(scratch.folder);
  REQUIRE(inventory.loose.size() == 3);
  CHECK(inventory.loose[0].message == "a broken link");
  CHECK(inventory.loose[1].message == "cannot be examined: it did not answer within 1 s; is the share still there?");
  CHECK(inventory.unlisted.empty());
}
