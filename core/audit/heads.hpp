// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/audit/verify.hpp"

namespace aidp {

// A head that was noted elsewhere: "SIZE:ROOT" (the root in 64 hexadecimal digits), or a file: a job.json, a report or a verdict of
// `audit verify`, in JSON. Throws Error(usage) if it is neither, and as read_file() does.
KnownHead read_head(const std::string& head_or_file);

// What output folders say of this store.
struct OutputHeads {
  std::vector<KnownHead> heads;
  std::vector<AuditFinding> findings;  // folders of jobs that the store does not know
};
// Of the folders that are named, each of which must hold a job.json (Error as of read_head()) of a job of this store; and of those of the
// jobs that the store knows, as far as they are there and still that job's.
OutputHeads heads_of_outputs(Database& database, const std::vector<std::filesystem::path>& named);

}  // namespace aidp
