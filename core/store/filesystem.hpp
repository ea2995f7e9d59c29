// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace aidp {

// The name of the network file system that `folder` lies on, or nothing. SQLite's locks cannot be trusted there.
std::optional<std::string> network_file_system(const std::filesystem::path& folder);

// The same by statfs(2)'s magic number and, for FUSE, the type that mountinfo gives ("fuse.sshfs").
std::optional<std::string> network_file_system(std::uint32_t magic, std::string_view mount_type);

}  // namespace aidp
