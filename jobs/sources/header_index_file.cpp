// SPDX-License-Identifier: Apache-2.0
// The file of the header index: opened, found damaged, begun again, or replaced by one of the process's own.
#include <algorithm>

#include "core/base/packed.hpp"
#include "jobs/sources/header_rows.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::int64_t runs_kept = 400;  // a nightly job's year: what none of them listed is forgotten
constexpr const char* what_to_do = "run the same command again: the index is then rebuilt";
}  // namespace

HeaderIndex::HeaderIndex(const fs::path& file, std::vector<std::string> keywords, const StoreKey& key)
    : file_(file), key_(key), keywords_(std::move(keywords)) {
  keywords_.insert(keywords_.end(), provenance_keywords().begin(), provenance_keywords().end());
  start();
}

HeaderIndex::~HeaderIndex() {
  if (damaged_) drop();
}

void HeaderIndex::drop() {
  rows_.reset();
  database_.reset();
  if (file_.empty()) return;
  std::error_code stays;  // then it cannot be opened again either, and start() says so
  for (const char* part : {"", "-journal", "-wal", "-shm"}) fs::remove(file_.string() + part, stays);
}

void HeaderIndex::start() {
  std::string why;
  try {
    return open(file_);
  } catch (const Error& error) {
    if (file_.empty() || error.reason() == Reason::disk_full) throw;
    why = error.what();
    if (error.reason() == Reason::store_locked) {
      note_ = file_.string() + " is in use by another job, so this job reads every header itself";
      file_.clear();
      return open(file_);
    }
  }
  drop();
  try {
    open(file_);
    note_ = file_.string() + " could not be used (" + why + "); it was rebuilt, so every header is read again";
  } catch (const Error& error) {
    if (error.reason() == Reason::disk_full) throw;
    note_ = file_.string() + " cannot be used (" + error.what() + "), so this job reads every header itself; remove it";
    file_.clear();
    open(file_);
  }
}

void HeaderIndex::open(const fs::path& file) {
  rows_.reset();
  database_ = std::make_unique<Database>(file, index_layout);
  check_key();
  rows_ = std::make_unique<Rows>(*database_);
  database_->execute("BEGIN");
  auto last = database_->prepare("SELECT max(run) FROM file");
  last.step();
  run_ = last.integer(0) + 1;
  forget_before(run_ - runs_kept);
  learn_keywords();
}

// What was keyed with another key finds nothing any more.
void HeaderIndex::check_key() {
  const auto check = pseudonym(key_, "header index", "key check");
  auto made = database_->prepare("SELECT key_check FROM made");
  const bool is_made = made.step();
  if (is_made && made.text(0) != check) throw Error(Reason::store_damaged, "it was made with another store.key");
  made.reset();
  if (!is_made) database_->prepare("INSERT INTO made VALUES (?)").bind(1, check).run();
}

void HeaderIndex::begin_again() {
  to_read_.clear();
  last_series_ = {};
  lacking_.clear();
  if (damaged_) {
    drop();
    damaged_ = false;
    start();
    return;
  }
  guarded([&] { database_->execute("COMMIT; BEGIN"); });
  ++run_;
}

// Series are looked through only where files went: that takes a walk through all.
void HeaderIndex::forget_before(std::int64_t run) {
  auto oldest = database_->prepare("SELECT 1 FROM file WHERE run < ? LIMIT 1");
  if (!oldest.bind(1, run).step()) return;
  database_->prepare("DELETE FROM file WHERE run < ?").bind(1, run).run();
  database_->execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM file UNION SELECT member FROM file)");
}

void HeaderIndex::learn_keywords() {
  std::map<std::string, std::int64_t> known;
  std::int64_t newest = 0;
  generation_ = 0;
  read_keywords_.clear();
  auto rows = database_->prepare("SELECT name, generation FROM keyword");
  while (rows.step()) newest = std::max(newest, known[rows.text(0)] = rows.integer(1));
  auto insert = database_->prepare("INSERT INTO keyword VALUES (?, ?)");
  for (const auto& keyword : keywords_) {
    if (known.emplace(keyword, newest + 1).second) insert.bind(1, keyword).bind(2, newest + 1).run();
    generation_ = std::max(generation_, known[keyword]);
  }
  for (const auto& [keyword, generation] : known) read_keywords_.push_back(keyword);
}

void HeaderIndex::fault(const Error& error) {
  const auto what = (file_.empty() ? "the index of headers: " : file_.string() + ": ") + error.what();
  if (error.reason() == Reason::disk_full) throw Error(Reason::disk_full, what, error.remedy());
  damaged_ = true;
  throw IndexFault(Reason::store_damaged, what, what_to_do);
}

void HeaderIndex::invalid(std::int64_t id, const std::string& path) {
  database_->prepare("UPDATE file SET generation = -1 WHERE id = ?").bind(1, id).run();
  throw IndexFault(Reason::store_damaged,
                   "the entry of " + path + " in " + (file_.empty() ? "the index of headers" : file_.string()) + " is invalid", what_to_do);
}

}  // namespace aidp
