// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/store/database.hpp"

namespace aidp {

// A head that the log must have had: kept elsewhere (core/audit/heads.hpp).
struct KnownHead {
  std::int64_t size = 0;
  std::string root;   // hex
  std::string where;  // for messages: "job.json in /out"
};

struct AuditFinding {
  std::int64_t leaf = -1;  // -1: not about one leaf
  std::string what;
};
struct AuditVerdict {
  std::int64_t leaves = 0;
  std::string root;                          // hex
  std::map<std::string, std::int64_t> rows;  // by table, that were compared with their leaves
  std::vector<AuditFinding> findings;        // empty: intact
};

// Recomputes everything that the log held when this began: leaf hashes, order and count, every stored head and each of `known`, that each
// recorded row (item, series, job, model, file) still says what its leaf says and none is missing or added, that items end within their
// job's span and once; that tables agree with their indexes and the schema is ours. What is wrong is a finding; throws only what the store
// does. Works in pieces of some ten milliseconds, between which writers go on; `progress` (leaves and rows done, of how many) is called
// after each. Memory grows with the findings, the jobs and the groups of files that were read, not with the leaves.
AuditVerdict verify_audit(Database& database, std::vector<KnownHead> known = {},
                          const std::function<void(std::int64_t, std::int64_t)>& progress = {});

}  // namespace aidp
