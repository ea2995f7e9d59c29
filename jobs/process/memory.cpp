// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace aidp {

namespace fs = std::filesystem;

namespace {
// "max", or no such file: no limit.
std::uint64_t limit_of(const fs::path& group) {
  std::ifstream file(group / "memory.max");
  std::uint64_t bytes = 0;
  return file >> bytes ? bytes : std::numeric_limits<std::uint64_t>::max();
}
}  // namespace

std::uint64_t ram_bytes(const fs::path& groups, const fs::path& own) {
  auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::string_view of_version_2 = "0::/";
  std::ifstream memberships(own);
  for (std::string line; std::getline(memberships, line);) {
    if (!line.starts_with(of_version_2)) continue;
    for (fs::path group = line.substr(of_version_2.size());; group = group.parent_path()) {
      bytes = std::min(bytes, limit_of(groups / group));
      if (group.empty()) break;
    }
  }
  return bytes;
}

}  // namespace aidp
