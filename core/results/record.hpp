// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/audit/log.hpp"
#include "core/base/error.hpp"
#include "core/base/file_state.hpp"
#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/store/database.hpp"

namespace aidp {

enum class Outcome { completed, ineligible, quarantined, failed };  // the worst last
std::string_view name(Outcome outcome);
std::optional<Outcome> outcome_named(std::string_view name);

// One invocation of `run`; a resumed run is the same job.
struct JobRecord {
  std::string id;   // UUIDv7
  std::string key;  // SHA-256 of what defines the job: model digest, inputs, site
  std::string model_digest, model_name, model_version;
  std::string site;      // --site, or empty
  std::string settings;  // JSON of all settings
  std::string out;       // output folder, absolute
};

// One row of the ledger: a series, or a file that belongs to no series (series_uid empty, `path` set).
struct SeriesRecord {
  std::string study_uid, series_uid, path;
  nlohmann::json attributes;             // provenance_keywords() as in core/dicom/header.hpp
  std::int64_t instances = 0;            // files of the series, copies included: the ledger adds up to the files that were seen
  Outcome outcome = Outcome::completed;  // of its worst item
  std::optional<Reason> reason;
  std::string message;
};

// What a row of the ledger is known by within its job: studies may share a series UID, and a file has a path alone.
std::string series_key(const std::string& study_uid, const std::string& series_uid, const std::string& path);

struct ArtefactRecord {
  std::string path;  // relative to the output folder
  std::string sha256;
};

// One unit of inference and how it ended.
struct ItemRecord {
  std::string key;                             // hex SHA-256(model digest, sorted SOP Instance UIDs with content hashes, frame, settings)
  std::string study_uid, series_uid, sop_uid;  // sop_uid: instance units only
  std::int64_t frame = 0;                      // 1-based for multi-frame instances, else 0
  Outcome outcome = Outcome::completed;
  std::optional<Reason> reason;
  std::string message;
  int attempts = 1;
  std::map<std::string, double> values;
  std::map<std::string, bool> flags;  // of outputs with flag_at
  std::vector<ArtefactRecord> artefacts;
  Time queued{}, finished{};
  std::string device;
  double decode_ms = 0, infer_ms = 0;
};

// What was seen of a file at its last read: lets a resumed run know that nothing changed without reading it again.
struct FileRecord {
  std::string path;
  FileState state;
  std::string sha256;
};

// Writes a job to the store: outcomes, values and audit leaves in one transaction per group. One writer at a time.
class Recorder {
 public:
  explicit Recorder(Database& database);
  ~Recorder();

  // The unfinished or finished job of that output folder, if any.
  std::optional<JobRecord> job_of(const std::filesystem::path& out);
  // Whether a job of that id was ever begun in that folder, discarded ones included.
  bool knows(const std::string& id, const std::filesystem::path& out);
  void begin_job(const JobRecord& job);    // audit: job.started
  void resume_job(const std::string& id);  // audit: job.resumed
  // Forgets a job's items and series (run --fresh); the audit log keeps them, with a job.discarded leaf.
  void discard_job(const std::string& id);
  // state: "finished", "interrupted" or "failed"; audit: job.<state> with the counts by outcome.
  void end_job(const std::string& id, const std::string& state);

  // One transaction: items, files and series with their leaves, then the sealed head. An item of the same key and job replaces a
  // failed or quarantined one, or one with other artefacts (made anew), and is otherwise ignored; a series row replaces the earlier one.
  void commit(const std::string& job_id, const std::vector<ItemRecord>& items, const std::vector<SeriesRecord>& series,
              const std::vector<FileRecord>& files);
  // The same, at once: false, with nothing written, if another process keeps the store busy for a quarter of a second.
  bool try_commit(const std::string& job_id, const std::vector<ItemRecord>& items, const std::vector<SeriesRecord>& series,
                  const std::vector<FileRecord>& files);

  std::optional<FileRecord> file(const std::string& path);
  // The artefacts of an item that this job has completed: it need not run again while they are there.
  std::optional<std::vector<ArtefactRecord>> completed(const std::string& job_id, const std::string& key);
  // Drops series rows and items of this job that are in neither list: inputs that are gone or changed (audited).
  // `item_keys`: sorted; `series_keys`: of series_key().
  void keep_only(const std::string& job_id, std::span<const Digest> item_keys, const std::set<std::string>& series_keys);

  void for_each_item(const std::string& job_id,
                     const std::function<void(const ItemRecord&)>& visit);  // ordered by study, series, sop, frame
  void for_each_series(const std::string& job_id, const std::function<void(const SeriesRecord&)>& visit);  // ordered by study, series, path

  AuditLog& audit() { return audit_; }

 private:
  struct Statements;
  Statements& statements();

  void set_state(const std::string& id, const std::string& state, nlohmann::json event);
  void record_item(const std::string& job_id, const ItemRecord& item);
  void record_series(const std::string& job_id, const SeriesRecord& series);
  void record_files(const std::string& job_id, const std::vector<FileRecord>& files);

  Database& database_;
  AuditLog audit_;
  std::unique_ptr<Statements> statements_;
};

// Writes results.jsonl of a job into `out`, whole or not at all, streaming, items in the order of for_each_item. results.h5 is made of it
// by a worker (core/results/hdf5.hpp).
void write_json_lines(Recorder& recorder, const JobRecord& job, const std::filesystem::path& out);
// Writes results.csv and ledger.csv in the same way. results.csv: key, study_uid, series_uid, sop_uid, frame, outcome, reason, message, one
// column per output, one "<output>_flag" per flagged output, artefacts ("path sha256", separated by "; "); and last those that differ from
// run to run: device, attempts, queued_at, finished_at, decode_ms, infer_ms. All before `device` is byte-identical however often the job
// was killed and resumed.
void write_tables(Recorder& recorder, const JobRecord& job, const std::vector<std::string>& output_names, const std::filesystem::path& out);

}  // namespace aidp
