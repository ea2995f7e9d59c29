// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace aidp {

// RAM that this process may use, in bytes: that of the machine, or less if the memory.max of its control group (version 2), or of one above
// it, is smaller. `groups` is where they are mounted, `own` names the group of this process, as /proc/self/cgroup does.
std::uint64_t ram_bytes(const std::filesystem::path& groups = "/sys/fs/cgroup", const std::filesystem::path& own = "/proc/self/cgroup");

}  // namespace aidp
