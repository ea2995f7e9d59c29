// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/error.hpp"
#include "core/dicom/header.hpp"
#include "core/store/database.hpp"
#include "jobs/protocol/scanned_file.hpp"

namespace aidp {

// A file that belongs to no series, and why.
struct LooseFile {
  std::string path;
  Reason reason = Reason::not_dicom;
  std::string message;
};

// A series as found.
struct SeriesInput {
  std::int64_t id = 0;  // in the index
  std::string study_uid, series_uid;
  std::int64_t files = 0;  // with byte-identical copies of an instance, which are no instances of their own
};

// The headers of the listed files, by series and on disk: a large archive costs disk, not memory. Kept in a file from run to run, it also
// saves reading again what has not changed since (size, mtime, ctime, inode). For one process at a time.
// Throws Error(disk_full, io_failed, store_locked), as the store does.
class HeaderIndex {
 public:
  // `file` empty: for this object alone. A file that is damaged or of another version is begun anew.
  // `keywords`: what the attributes must hold; a file that was read without one of them is read again.
  HeaderIndex(const std::filesystem::path& file, std::vector<std::string> keywords);

  // A regular file; again is nothing new. Whether it is to be read: it is not known as it is. Files may be listed and read in turns; the
  // paths of those between are kept in memory.
  bool list(const std::string& path);
  // What is to be read of them: the keywords of all who used this index.
  const std::vector<std::string>& keywords() const { return read_keywords_; }
  // What reading a file gave that list() asked for; once.
  void add(const std::string& path, const ScannedFile& file);
  // The same of a file without a series. `known`: the same bytes would give the same again.
  void add(const LooseFile& loose, const FileState& state, bool known);
  void commit();
  std::int64_t known();  // listed files that were read, now or before

  // Of the files that are listed and read: those of which all that is given holds. `path`: the file, or a folder above it.
  struct Query {
    std::string accession_sha256, patient_sha256, study_uid, series_uid, sop_uid, path;
  };
  struct Found {
    std::int64_t id = 0;
    std::string study_uid, series_uid, sop_uid;  // empty for a file without a series
  };
  // For each query what it finds.
  std::vector<std::vector<Found>> find(const std::vector<Query>& queries);
  // From here on only these are listed, or their whole series.
  void keep(const std::vector<std::int64_t>& ids, bool whole_series);

  // Of what is listed and read: ordered by study and series; by path.
  std::vector<SeriesInput> series();
  std::vector<LooseFile> loose();
  // Images first, then by path, without byte-identical copies; only the first has attributes, as they stand for the series.
  std::vector<InstanceHeader> instances(const SeriesInput& series);
  nlohmann::json attributes(const SeriesInput& series);

 private:
  void forget_before(std::int64_t run);
  void learn_keywords();
  void drop_copies(std::vector<InstanceHeader>& instances);
  std::vector<Found> find(const Query& query);
  std::int64_t series_of(const ScannedFile& file);
  void bind_state(Statement& statement, const std::string& path, const FileState& state);

  Database database_;
  std::vector<std::string> keywords_, read_keywords_;
  std::int64_t run_ = 0, generation_ = 0;  // generation: when the newest of `keywords_` came in
  std::unordered_set<std::string> to_read_;
  SeriesInput last_series_;
  Statement find_, touch_, forget_, find_series_, add_series_, add_header_, add_loose_, get_, get_attributes_;
};

}  // namespace aidp
