// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/manifest/manifest.hpp"
#include "core/model/repository.hpp"
#include "jobs/worklist.hpp"

namespace aidp {

// Where DICOM is looked for, and with what it is read and prepared.
struct Sources {
  Home home;                                  // itself no input
  std::vector<std::filesystem::path> inputs;  // files and folders
  std::optional<Worklist> worklist;           // only what its rows name; without inputs, below their paths
  bool follow_links = false;                  // out of the inputs
  int workers = 0;                            // DICOM workers; 0: number of cores
  std::uint64_t memory_bytes = 0;             // pool of decoded pixels, 256 MiB up to RAM; 0: a quarter of RAM, at most 2 GiB
  std::string device = "auto";                // auto, cpu, cuda:N
};

struct RunRequest : Sources {
  std::string model;  // reference, see Repository::find
  std::filesystem::path out;
  int batch = 0;  // 0: the manifest's batch.max
  std::string site;
  bool fresh = false;
  bool dry_run = false;
  bool allow_empty = false;
};

// What a caller shows while a job runs. Called from the supervisor's loop, at most about ten times a second.
struct Progress {
  std::string phase;                               // "scanning", "running", "writing"
  std::int64_t done = 0, total = 0;                // total 0: not known yet
  std::map<std::string, std::int64_t> outcomes{};  // outcome to items
  double items_per_second = 0;
  std::optional<double> eta_s{};
};
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void update(const Progress& progress) = 0;
};

struct SeriesPlanRow {                      // one row of a dry run and of `validate input`
  std::string study_uid, series_uid, path;  // path: a file outside any series
  std::int64_t instances = 0, items = 0;
  bool eligible = false;
  std::string reason, message;  // stable name and words; of an eligible one the words on those of its volumes that are none
  std::vector<RuleVerdict> verdicts;
  nlohmann::json attributes;
};

struct RunSummary {
  std::string job_id, model, model_digest, device;
  std::filesystem::path out;
  bool resumed = false;
  std::int64_t files = 0, headers_read = 0, series = 0, items = 0, skipped_as_done = 0;
  // Outcome name to count; files: of those that belong to no series.
  std::map<std::string, std::int64_t> item_outcomes, series_outcomes, file_outcomes;
  std::map<std::string, std::int64_t> row_outcomes;  // of the worklist
  std::filesystem::path worklist_failed;             // its rows that failed: the next worklist
  std::map<std::string, std::int64_t> reasons;       // reason name to series and files outside any
  std::vector<SeriesPlanRow> plan;                   // dry run only
  double scan_seconds = 0, seconds = 0, items_per_second = 0;
  std::int64_t audit_size = 0;
  std::string audit_root;
  Exit exit = Exit::ok;  // ok, partial, nothing, interrupted or terminated
};

// Runs a job to its end, or until SIGINT/SIGTERM: then drains what is under way and leaves the job resumable. What befalls an item is
// its outcome, never an Error. Throws, before anything is begun and with no trace in --out, Error(usage, path_missing, path_unreadable,
// model_unknown, model_ambiguous, package_changed, output_foreign, device_missing, model_load, environment_lacking, store_*, disk_full);
// later, with the job resumable, Error(disk_full, io_failed, environment_lacking where no worker can be started any more).
RunSummary run(const RunRequest& request, ProgressSink& progress);

// Which series of the inputs the model would take, and why not; reads headers only. The store itself is no input.
// Throws Error(usage) where no input is named, Error(path_missing, path_unreadable, environment_lacking, interrupted, terminated).
std::vector<SeriesPlanRow> plan_inputs(const Sources& sources, const Manifest& manifest, ProgressSink& progress);

// What a dump of tensors wrote, and of which series.
struct TensorDump {
  std::vector<SeriesPlanRow> plan;
  std::int64_t written = 0;  // items; with none there is no file
  struct Failure {
    std::string series_uid;
    std::int64_t item = 0;  // from 1
    std::string reason, message;
  };
  std::vector<Failure> failures{};  // items that gave no tensor
};
// The same, and writes what the model would be given of each item to an HDF5 file: datasets 1, 2, ... (float32) with the attributes
// study_uid, series_uid, sop_uid and frame of an image, affine_lps. Throws too as run() does for the model.
TensorDump dump_tensors(const Sources& sources, const Package& package, const std::filesystem::path& file, ProgressSink& progress);

struct GoldenResult {
  std::string name, stage, output;       // stage: preprocess, model (both of a whole tensor, without an output), value
  double expected = 0, got = 0;          // of a value
  double difference = 0, tolerance = 0;  // the largest of the stage
  bool passed = false;
  std::string message;  // why there is no value, else empty
};
// Runs a package's golden cases through the whole pipeline, without touching the store's results. One result for each case and output,
// and for each stage that the case has a reference tensor of; a value that is not given, or beyond the tolerance, is told in it. Throws
// Error(device_missing, model_load, environment_lacking, interrupted, terminated), and the reason of a golden input that is refused.
std::vector<GoldenResult> run_golden(const Package& package, const std::string& device, ProgressSink& progress);

struct EnvironmentRow {
  std::string what, value;
  bool ok = true;
  std::string remedy;
};
// Devices, LibTorch, codecs, disk, permissions, memory, processors; asks each worker. What lacks is a row, not an Error.
std::vector<EnvironmentRow> check_environment(const Home& home);

}  // namespace aidp
