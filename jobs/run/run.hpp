// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/manifest/manifest.hpp"
#include "core/model/repository.hpp"
#include "core/results/record.hpp"
#include "jobs/checks/preview.hpp"
#include "jobs/run/progress.hpp"
#include "jobs/run/sources.hpp"

namespace aidp {

struct RunRequest : Sources {
  std::string model;  // reference, see Repository::find
  std::filesystem::path out;
  int batch = 0;  // 0: the manifest's batch.max
  std::string site;
  std::string purpose = "research";  // clinical, research, test or shadow
  bool fresh = false;
  bool dry_run = false;
  bool allow_empty = false;
  bool allow_gone = false;       // what is not among the inputs is gone, even if that is all or a folder cannot be listed
  std::chrono::seconds wait{0};  // for an output folder that another process uses
};

struct RunSummary {
  std::string job_id, model, model_digest, device, purpose;
  std::filesystem::path out;
  bool resumed = false;
  std::int64_t discarded = 0;                                                            // items of the former job, with --fresh
  std::int64_t files = 0, headers_read = 0, series = 0, items = 0, skipped_as_done = 0;  // of this run
  RowCounts rows;         // of the job, as its tables show them; of a dry run as planned
  SourceChanges changes;  // of items, by this run
  // Why no source is taken for gone, in words: all are, or a folder cannot be listed. Empty: the inputs are believed.
  std::string doubt;
  bool has_bad = false;                              // something of this run failed or is quarantined
  std::map<std::string, std::int64_t> row_outcomes;  // of the worklist
  std::filesystem::path worklist_failed;             // its rows that failed: the next worklist
  std::vector<SeriesPlanRow> plan;                   // dry run only
  double scan_seconds = 0, seconds = 0, items_per_second = 0;
  std::int64_t audit_size = 0;
  std::string audit_root;
  Exit exit = Exit::ok;  // ok, partial, nothing, interrupted or terminated
};

// Runs a job to its end, or until SIGINT/SIGTERM: then drains what is under way and leaves the job resumable. What befalls an item is
// its outcome, never an Error. Throws, before anything is begun and with no trace in --out, Error(usage, path_missing, path_unreadable,
// model_unknown, model_ambiguous, package_changed, output_foreign, device_missing, model_load, environment_lacking, store_*, disk_full);
// store_locked if the output folder is in use when the wait is over;
// later, with the job resumable, Error(disk_full, io_failed, environment_lacking where no worker can be started any more).
RunSummary run(const RunRequest& request, ProgressSink& progress);

}  // namespace aidp
