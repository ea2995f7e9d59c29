// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/results/record.hpp"
#include "jobs/run/run.hpp"

namespace aidp {

// The output folder of a job: results.csv, results.jsonl, results.h5, ledger.csv, masks/, and job.json, which says whose it is.
struct ClaimedOutput {
  JobRecord job;
  bool resumed = false;
};

// Who has a folder now, without touching it.
struct FolderOwner {
  std::optional<JobRecord> job;  // this store's job there, if any
  std::string named;             // the job that job.json names, or empty
};

// Throws Error(output_foreign) where --out is a file or holds another job's files or any other, Error(path_missing) where it leads
// through a file, Error(path_unreadable) where this user may not write to it, Error(disk_full) where there or in the store is no space.
FolderOwner check_output(const RunRequest& request, const Package& package, Recorder& recorder);

// Makes the folder or recognises it as this very job's: same model digest, inputs and site. Another --device or --batch goes on with
// the job, say on the CPU where the GPU has failed: its values may differ in the last bits, and each item says its device. With `fresh`, a
// former job of this store in the same folder is discarded, with its files. Throws as check_output() does, and Error(disk_full,
// io_failed), then with the folder as it was or empty.
ClaimedOutput claim_output(const RunRequest& request, const Package& package, Recorder& recorder);

// Writes job.json, at the beginning (without a summary: null) and at the end. Throws as publish() does.
void write_job_file(const JobRecord& job, const nlohmann::json& summary);

// Deletes masks that are of no item of the job any more: of studies that are gone or have changed. What cannot be deleted stays.
void sweep_masks(const JobRecord& job, Recorder& recorder);

}  // namespace aidp
