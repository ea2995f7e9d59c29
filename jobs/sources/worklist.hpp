// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/results/record.hpp"
#include "jobs/protocol/path_kind.hpp"
#include "jobs/sources/header_index.hpp"

namespace aidp {

enum class WorklistKey { accession_number, patient_id, study_instance_uid, series_instance_uid, sop_instance_uid, path };
inline constexpr std::size_t worklist_keys = 6;

// One row: the images for which all of its values hold.
struct WorklistRow {
  std::int64_t line = 0;                          // 1-based, of the file
  std::string text;                               // as it stands there, with `path` absolute
  std::array<std::string, worklist_keys> values;  // by WorklistKey; empty: any
  PathKind found = PathKind::unknown;             // what `path` is, once a worker has looked at it
  const std::string& operator[](WorklistKey key) const { return values[static_cast<std::size_t>(key)]; }
};

// The images that a job is asked for.
struct Worklist {
  std::filesystem::path file;
  std::string head;  // the line that names the columns; empty for JSON lines
  std::vector<WorklistRow> rows;
  // Absolute; those of the rows that have one.
  std::vector<std::filesystem::path> paths() const;
};

// CSV (comma, semicolon or tab, quoted as RFC 4180, a row a line) or JSON lines, by its first character. Columns by DICOM keyword or in
// small letters, such as AccessionNumber, accession_number; others are kept and not read. A relative path is of the worklist's folder.
// Throws Error(worklist_invalid) naming the line; path_missing, path_unreadable.
Worklist read_worklist(const std::filesystem::path& file);

// What a row found, and how that ended.
struct WorklistResult {
  std::set<std::pair<std::string, std::string>> series;  // study and series UID
  std::set<std::string> sops;                            // where the row is of single instances: their SOPInstanceUIDs
  std::int64_t loose = 0;                                // files without a series that it names
  Outcome outcome = Outcome::failed;
  std::optional<Reason> reason = Reason::worklist_not_found;
  std::string message = "no file matches the row";
};

// Looks for the images of each row in the index, and leaves in it those alone, or the whole series of those.
std::vector<WorklistResult> keep_what_rows_name(const Worklist& worklist, HeaderIndex& index, bool whole_series);

// Fills in how each row ended, by its worst series or instance.
void settle(std::vector<WorklistResult>& results, Recorder& recorder, const std::string& job_id);

// Writes worklist.csv, a row for each row, told by its line and without its identifiers; and worklist-failed.csv or .jsonl, the rows that
// failed or were quarantined as they stood: the next worklist. Its path, or empty where every row ended well.
std::filesystem::path write_worklist_results(const Worklist& worklist, const std::vector<WorklistResult>& results,
                                             const std::filesystem::path& out);

}  // namespace aidp
