// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/results/record.hpp"

namespace aidp {

// Rows of a job: all, or those for which everything that is given holds.
struct RowFilter {
  std::string study_uid, series_uid;
  std::optional<Time> gone_before;  // source gone or superseded since before that
};

struct ForgettableRows {
  std::int64_t items = 0, series = 0;  // series: rows of the ledger
  std::int64_t present = 0;            // of the items: their source is still there, so the next run records them again
  std::vector<std::string> artefacts;  // relative to the output folder
};
ForgettableRows rows_to_forget(Database& database, const std::string& job_id, const RowFilter& filter);

// Deletes these rows for good, and what was remembered of their headers if no other row shares it: the one place where an outcome is
// deleted. The log gets a leaf job.forgot with reason, user, host and counts, and one for each row that is dropped.
void forget_rows(Database& database, AuditLog& audit, const JobRecord& job, const RowFilter& filter, const std::string& reason);

}  // namespace aidp
