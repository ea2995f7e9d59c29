// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "core/audit/log.hpp"

namespace aidp {

// One row of the table `file`.
struct FileRow {
  std::string_view path;
  std::int64_t size = 0, mtime_ns = 0, ctime_ns = 0, inode = 0;
  std::string_view sha256;
};

inline constexpr std::string_view files_event = "files.read";

// The files that one transaction recorded are bound by one leaf: {"event": "files.read", "files": N, "columns": [...], "files_sha256": H},
// where H is the last link of the chain H' = SHA-256(H || row) over its rows by path; the first H is 32 zero bytes.
Digest chain_file(const Digest& before, const FileRow& row);
// The event that binds `files` rows, of which `chain` is the last link.
nlohmann::json files_leaf(std::int64_t files, const Digest& chain);

}  // namespace aidp
