// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/results/record.hpp"
#include "jobs/run/run.hpp"

namespace aidp {

// The output folder of a job: results.csv, results.jsonl, results.h5, ledger.csv, masks/, and job.json, which says whose it is. Who changes
// it holds its OutputLock.
struct ClaimedOutput {
  JobRecord job;
  bool resumed = false;
  std::int64_t discarded = 0;  // items of the former job, with --fresh
};

// Who has a folder now, without touching it.
struct FolderOwner {
  std::optional<JobRecord> job;  // this store's job there, if any, though the folder be gone
  std::string named;             // the job that job.json names, or empty
  bool resumes = false;          // that job is this very one
};

// --out, absolute.
std::filesystem::path output_folder(const RunRequest& request);

// Throws Error(output_foreign) if --out is a file or holds another job's files or any other, Error(path_missing) if it leads
// through a file, Error(path_unreadable) if this user may not write to it, Error(disk_full) if there or in the store is no space.
FolderOwner check_output(const RunRequest& request, const Package& package, Recorder& recorder);

// Enters the job in the store, or recognises this very one: same model digest, inputs, site and purpose. Another --device or --batch goes
// on with the job, say on the CPU after the GPU has failed: its values may differ in the last bits, and each item says its device. With
// `fresh`, a former job of this store in the same folder is discarded, with its files. The folder is there. Throws as check_output() does.
ClaimedOutput claim_output(const RunRequest& request, const Package& package, Recorder& recorder);

// How far a job is; what is not known yet is nothing.
struct JobState {
  std::string name = "running";  // running, finished, interrupted, failed
  Time started{};                // this run of it
  std::optional<Time> ended;
  std::optional<std::int64_t> planned, done;  // items of this run; done: those that earlier runs have done, too
  nlohmann::json summary;
};
// Writes job.json. Throws as publish() does.
void write_job_file(const JobRecord& job, const JobState& state);

}  // namespace aidp
