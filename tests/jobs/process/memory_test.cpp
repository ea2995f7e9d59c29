// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/memory.hpp"

#include <fstream>

#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
// Control groups a and a/b, and a process in a/b.
struct Groups {
  Scratch scratch;
  std::filesystem::path own = scratch.folder / "own";

  Groups() {
    std::filesystem::create_directories(scratch.folder / "a/b");
    std::ofstream(own) << "4:memory:/x\n0::/a/b\n";
  }
  void limit(const char* group, const char* text) const { std::ofstream(scratch.folder / group / "memory.max") << text << "\n"; }
  std::uint64_t ram() const { return ram_bytes(scratch.folder, own); }
};
}  // namespace

TEST_CASE("RAM is the smallest of the machine's and the limits of the control groups that a process is in") {
  const Groups groups;
  const auto machine = groups.ram();
  CHECK(machine > std::uint64_t{64} << 20);
  groups.limit("a/b", "max");
  CHECK(groups.ram() == machine);
  groups.limit("a/b", "9223372036854771712");
  CHECK(groups.ram() == machine);
  groups.limit("a", "4194304");
  CHECK(groups.ram() == 4194304);
  groups.limit("a/b", "2097152");
  CHECK(groups.ram() == 2097152);
  groups.limit(".", "1048576");
  CHECK(groups.ram() == 1048576);
}

TEST_CASE("RAM is the machine's if no control group of version 2 is known") {
  const Groups groups;
  groups.limit("a/b", "2097152");
  CHECK(ram_bytes(groups.scratch.folder, groups.scratch.folder / "none") > 2097152);
}
