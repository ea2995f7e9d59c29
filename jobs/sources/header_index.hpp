// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/error.hpp"
#include "core/dicom/header.hpp"
#include "core/store/database.hpp"
#include "core/store/secret.hpp"
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
  std::string lacks;       // which file of it is known to be missing, and why; empty: none
  MadeUids made{};         // which UIDs some of its files do not say
};

// The file of the index is damaged, or holds what no worker can have said. Call HeaderIndex::begin_again() and list again.
class IndexFault : public Error {
 public:
  using Error::Error;
};

// The headers of the listed files, by series and on disk: a large archive costs disk, not memory. Kept in a file from run to run, it also
// saves reading again what has not changed since (size, mtime, ctime, inode). Identifiers are kept keyed. For one process at a time.
// Throws IndexFault, and Error(disk_full), with the name of the file.
class HeaderIndex {
 public:
  // `file` empty: for this object alone, as if another process uses it, or it can neither be used nor begun again: note() says so.
  // `keywords`: what the attributes must hold; a file that was read without one of them is read again. `key`: of the store.
  HeaderIndex(const std::filesystem::path& file, std::vector<std::string> keywords, const StoreKey& key = random_key());
  ~HeaderIndex();
  HeaderIndex(const HeaderIndex&) = delete;

  // After an IndexFault: nothing is listed any more; what was damaged is read again.
  void begin_again();
  // What is to be said to the user of the file; empty: nothing.
  const std::string& note() const { return note_; }

  // A regular file in its state, where that is known; again is nothing new. Whether it is to be read: it is not known as it is. Files may
  // be listed and read in turns; the paths of those between are kept in memory. `folder`: what UIDs that it does not say are made of
  // (jobs/sources/made_uids); empty: none are made. A file that this changes is not known.
  bool list(const std::string& path, const std::optional<FileState>& state, const std::string& folder = {});
  // What is to be read of them: the keywords of all who used this index.
  const std::vector<std::string>& keywords() const { return read_keywords_; }
  // What reading a file gave that list() asked for; once. `file` has all UIDs; `made`, `folder`: those that were made, and of what.
  void add(const std::string& path, const ScannedFile& file, const MadeUids& made = {}, const std::string& folder = {});
  // The same of a file without a series. `file`: as far as it was read.
  enum class Known { no, of_these_bytes, while_no_uid_is_made };  // how long reading it again would give the same
  void add(const LooseFile& loose, const ScannedFile& file, Known known);
  void commit();
  // The file was not what was read of it: the next run reads it again.
  void distrust(const std::string& path);
  std::int64_t known();  // listed files that were read, now or before

  // Once all is listed and read: finds the series that lack a file that could not be read. `others`: files that list() was not asked of;
  // `unlisted`: folders that could not be listed.
  void find_lacking(const std::vector<LooseFile>& others, const std::vector<std::string>& unlisted);

  // Of the files that are listed and read: those of which all that is given holds. `path`: the file, or a folder above it.
  struct Query {
    std::string accession_number, patient_id, study_uid, series_uid, sop_uid, path;
  };
  struct Found {
    std::int64_t id = 0;
    std::string study_uid, series_uid, sop_uid;  // empty for a file without a series
  };
  // For each query what it finds.
  std::vector<std::vector<Found>> find(const std::vector<Query>& queries);
  // How instances() tells copies from files that differ: by what this gives for each, see hash_of().
  void compare_with(std::function<std::string(const std::string& path, const FileState& state)> hash) { hash_ = std::move(hash); }
  // From here on only these are listed, or their whole series.
  void keep(const std::vector<std::int64_t>& ids, bool whole_series);

  // Of what is listed and read: ordered by study and series; by path.
  std::vector<SeriesInput> series();
  std::vector<LooseFile> loose();
  // Images first, then by path, without byte-identical copies; attributes as in attributes_of().
  // Throws Error(dicom_unreadable) if one of two files of an instance cannot be compared with the other.
  std::vector<InstanceHeader> instances(const SeriesInput& series);
  // Of one of instances().
  nlohmann::json attributes(const SeriesInput& series, std::size_t which = 0);
  std::string path(const SeriesInput& series, std::size_t which = 0);
  // A series, or a part of it, is left out by what was read of its files. The next run reads them again, unless two runs have read the same
  // already: a worker that a file had taken over may have lied.
  void doubt(const SeriesInput& series);

 private:
  struct Rows;
  struct Keyed {
    std::string text, pseudonym;  // the last
  };
  void start();
  void open(const std::filesystem::path& file);
  void drop();
  void check_key();
  void forget_before(std::int64_t run);
  void learn_keywords();
  [[noreturn]] void fault(const Error& error);
  [[noreturn]] void invalid(std::int64_t id, const std::string& path);
  nlohmann::json wanted_of(std::span<const std::byte> packed) const;
  template <class Do>
  auto guarded(Do what) -> decltype(what());
  void drop_copies(std::vector<InstanceHeader>& instances);
  std::vector<Found> find(const Query& query);
  std::int64_t series_of(std::string_view study_uid, std::string_view series_uid);
  void bind_state(Statement& statement, const std::string& path, const FileState& state);
  const std::string& keyed(Keyed& last, const char* domain, std::string_view text);
  void lacks(std::int64_t series, const std::string& what);

  std::filesystem::path file_;
  StoreKey key_;
  std::vector<std::string> keywords_, read_keywords_;
  std::string note_;
  std::function<std::string(const std::string&, const FileState&)> hash_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Rows> rows_;
  bool damaged_ = false;
  std::int64_t run_ = 0, generation_ = 0;  // generation: when the newest of `keywords_` came in
  std::unordered_set<std::string> to_read_;
  SeriesInput last_series_;
  Keyed last_accession_, last_patient_;
  std::map<std::int64_t, std::string> lacking_;  // by series
};

}  // namespace aidp
