// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/results/forget.hpp"
#include "core/store/home.hpp"

namespace aidp {

struct ForgetRequest {
  Home home;
  std::string job;  // its output folder, or the beginning of its id
  RowFilter filter;
  std::string reason;
  bool dry_run = false;
};

struct ForgetSummary {
  JobRecord job;
  ForgettableRows rows;
};

// Deletes recorded results with the files that were written for them, and renders the job's tables anew: the only way that a result goes. A
// dry run only says which. Interrupted, the same request again ends what was begun. Throws Error(usage) if no job or several are meant,
// Error(store_locked) if the job is running, and as run() does.
ForgetSummary forget(const ForgetRequest& request);

}  // namespace aidp
