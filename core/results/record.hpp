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
#include "core/results/provenance.hpp"
#include "core/store/database.hpp"

namespace aidp {

enum class Outcome { completed, ineligible, quarantined, failed };  // the worst last
std::string_view name(Outcome outcome);
std::optional<Outcome> outcome_named(std::string_view name);

// Whether what a row was made of is still among the inputs; `superseded`: it has other content now, which has a row of its own.
enum class Source { present, gone, superseded };
std::string_view name(Source source);

// One invocation of `run`; a resumed run is the same job.
struct JobRecord {
  std::string id;   // UUIDv7
  std::string key;  // SHA-256 of what defines the job: model digest, inputs, site
  std::string model_digest, model_name, model_version;
  std::string site;                  // --site, or empty
  std::string settings;              // JSON of all settings
  std::string out;                   // output folder, absolute
  std::string purpose = "research";  // clinical, research, test or shadow
  std::string user, host;            // of the last run
};

// One row of the ledger: a series, or a file that belongs to no series (series_uid empty, `path` set).
struct SeriesRecord {
  std::string study_uid, series_uid, path;
  nlohmann::json attributes;             // provenance_keywords() as in core/dicom/header.hpp
  std::int64_t instances = 0;            // files of the series, copies included: the ledger adds up to the files that were seen
  Outcome outcome = Outcome::completed;  // of its worst item
  std::optional<Reason> reason;
  std::string message;
  std::string source_path;  // the first file of the series
  Source source = Source::present;
  std::string source_since;  // when that was seen, as to_text(); empty: present from the first
};

// What a row of the ledger is known by within its job: studies may share a series UID, and a file has a path alone.
std::string series_key(const std::string& study_uid, const std::string& series_uid, const std::string& path);

struct ArtefactRecord {
  std::string path;  // relative to the output folder
  std::string sha256;
  std::string output;  // the output whose file it is; empty if an earlier aidp recorded it
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
  std::string source_path;     // its first file
  std::string image_position;  // mm, "x\\y\\z"
  std::string acquisition_date, acquisition_time;
  Provenance provenance;
  Source source = Source::present;
  std::string source_since;  // as in SeriesRecord
};

// What tells an item among those of its series.
struct ItemIdentity {
  std::string key, study_uid, series_uid, sop_uid;
  std::int64_t frame = 0;
  std::string source_path;
};

// How a run that has looked at all of its inputs takes the rows that it did not see. Nothing: they stay as they were.
struct UnseenRows {
  bool whole_series = false;  // items are volumes: those of a series stand for each other
  std::function<std::optional<Source>(const ItemIdentity&)> item;
  std::function<std::optional<Source>(const SeriesRecord&)> series;
};

// How many rows changed their state.
struct SourceChanges {
  std::int64_t gone = 0, back = 0, superseded = 0;
};

// The rows of a job as they are now: what the tables hold. Rows that are superseded are in none but `superseded`.
struct RowCounts {
  std::map<std::string, std::int64_t> items, series, files;  // by outcome; files: of no series
  std::map<std::string, std::int64_t> reasons;               // of series and files
  std::int64_t gone = 0, superseded = 0;                     // items
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
  // Jobs whose id begins so, but discarded ones.
  std::vector<JobRecord> jobs_named(const std::string& beginning);
  // Whether a job of that id was ever begun in that folder, discarded ones included.
  bool knows(const std::string& id, const std::filesystem::path& out);
  void begin_job(const JobRecord& job);   // audit: job.started
  void resume_job(const JobRecord& job);  // with who runs it now; audit: job.resumed
  // Deletes a job's items and series (run --fresh), and says how many items; the audit log keeps their leaves, with a job.discarded one.
  std::int64_t discard_job(const std::string& id);
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
  // Marks which sources are gone, back or superseded, each change a leaf. `items_seen`: keys, sorted; `series_seen`: of series_key().
  // An item that was not seen is superseded by one of the same identity that was, unless that one only says that it could not be read.
  SourceChanges mark_sources(const std::string& job_id, std::span<const Digest> items_seen, const std::set<std::string>& series_seen,
                             const UnseenRows& unseen);
  RowCounts count_rows(const std::string& job_id);

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
  std::int64_t provenance_id(const Provenance& provenance);

  Database& database_;
  AuditLog audit_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace aidp
