// SPDX-License-Identifier: Apache-2.0
#include "jobs/header_index.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "core/base/hash.hpp"
#include "core/base/packed.hpp"

namespace aidp {

namespace {
constexpr std::int64_t runs_kept = 400;  // a nightly job's year: what none of them listed is forgotten

// Another version wherever the columns or what is in a header change.
constexpr Database::Scratch layout{11, R"sql(
CREATE TABLE keyword (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
CREATE TABLE file (
  id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  generation INTEGER NOT NULL,                      -- of the keywords that were read; -1: to be read again in any case
  run INTEGER NOT NULL,                             -- the last that listed it
  image INTEGER NOT NULL DEFAULT 0,
  copy INTEGER NOT NULL DEFAULT 0,                  -- byte-identical to an earlier instance of the series
  -- empty where it belongs to no series, and `reason` says why
  study_uid TEXT NOT NULL DEFAULT '', series_uid TEXT NOT NULL DEFAULT '', sop_uid TEXT NOT NULL DEFAULT '',
  accession TEXT NOT NULL DEFAULT '', patient TEXT NOT NULL DEFAULT '',  -- hashes
  header BLOB, attributes BLOB, reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX file_series ON file(run, study_uid, series_uid, sop_uid);
)sql"};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
}  // namespace

HeaderIndex::HeaderIndex(const std::filesystem::path& file, std::vector<std::string> keywords)
    : database_(file, layout),
      keywords_(std::move(keywords)),
      find_(database_.prepare("SELECT id, size, mtime_ns, ctime_ns, inode, generation, run FROM file WHERE path = ?")),
      touch_(database_.prepare("UPDATE file SET run = ?, copy = 0 WHERE id = ?")),
      add_header_(database_.prepare(
          "INSERT OR REPLACE INTO file (path, size, mtime_ns, ctime_ns, inode, generation, run, study_uid, series_uid, sop_uid, "
          "accession, patient, header, attributes, image) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      add_loose_(database_.prepare("INSERT OR REPLACE INTO file (path, size, mtime_ns, ctime_ns, inode, generation, run, reason, "
                                   "message) VALUES (?, ?, ?, ?, "
                                   "?, ?, ?, ?, ?)")),
      get_(database_.prepare("SELECT path, sop_uid, header, attributes FROM file WHERE run = ? AND study_uid = ? AND series_uid = ? AND "
                             "copy = 0 ORDER BY image DESC, path")) {
  keywords_.insert(keywords_.end(), surveillance_keywords().begin(), surveillance_keywords().end());
  database_.execute("BEGIN");
  auto last = database_.prepare("SELECT max(run) FROM file");
  last.step();
  run_ = last.integer(0) + 1;
  database_.prepare("DELETE FROM file WHERE run < ?").bind(1, run_ - runs_kept).run();
  learn_keywords();
}

void HeaderIndex::learn_keywords() {
  std::map<std::string, std::int64_t> known;
  std::int64_t newest = 0;
  auto rows = database_.prepare("SELECT name, generation FROM keyword");
  while (rows.step()) newest = std::max(newest, known[rows.text(0)] = rows.integer(1));
  auto insert = database_.prepare("INSERT INTO keyword VALUES (?, ?)");
  for (const auto& keyword : keywords_) {
    if (known.emplace(keyword, newest + 1).second) insert.bind(1, keyword).bind(2, newest + 1).run();
    generation_ = std::max(generation_, known[keyword]);
  }
  for (const auto& [keyword, generation] : known) read_keywords_.push_back(keyword);
}

bool HeaderIndex::list(const std::string& path) {
  std::int64_t known = 0;
  bool listed = false;
  find_.bind(1, path);
  if (find_.step()) {
    const FileState before{find_.integer(1), find_.integer(2), find_.integer(3), find_.integer(4)};
    listed = find_.integer(6) == run_;
    if (!listed && find_.integer(5) >= generation_ && file_state(path) == before) known = find_.integer(0);
  }
  find_.reset();
  if (listed) return false;
  if (known == 0) return to_read_.insert(path).second;
  touch_.bind(1, run_).bind(2, known).run();
  return false;
}

std::int64_t HeaderIndex::known() {
  auto count = database_.prepare("SELECT count(*) FROM file WHERE run = ?");
  count.bind(1, run_).step();
  return count.integer(0);
}

void HeaderIndex::bind_state(Statement& statement, const std::string& path, const FileState& state) {
  to_read_.erase(path);
  statement.bind(1, path).bind(2, state.size).bind(3, state.mtime_ns).bind(4, state.ctime_ns).bind(5, state.inode);
}

void HeaderIndex::add(const std::string& path, const ScannedFile& file) {
  bind_state(add_header_, path, file.state);
  add_header_.bind(6, generation_).bind(7, run_).bind(8, file.study_uid).bind(9, file.series_uid).bind(10, file.sop_uid);
  add_header_.bind(11, file.accession_sha256).bind(12, file.patient_sha256);
  add_header_.bind(13, bytes_of(file.header)).bind(14, bytes_of(file.attributes)).bind(15, std::int64_t{file.has_pixels}).run();
}

void HeaderIndex::add(const LooseFile& loose, const FileState& state, bool known) {
  bind_state(add_loose_, loose.path, state);
  add_loose_.bind(6, known ? generation_ : -1).bind(7, run_).bind(8, name(loose.reason)).bind(9, loose.message).run();
}

void HeaderIndex::commit() { database_.execute("COMMIT; BEGIN"); }

std::vector<std::vector<HeaderIndex::Found>> HeaderIndex::find(const std::vector<Query>& queries) {
  for (const char* column : {"accession", "patient", "sop_uid"})  // where no worklist is ever used they would cost every scan
    database_.execute(std::string("CREATE INDEX IF NOT EXISTS file_") + column + " ON file(" + column + ") WHERE " + column + " <> ''");
  std::vector<std::vector<Found>> found;
  for (const auto& query : queries) found.push_back(find(query));
  return found;
}

std::vector<HeaderIndex::Found> HeaderIndex::find(const Query& query) {
  std::string sql = "SELECT id, study_uid, series_uid, sop_uid FROM file WHERE run = ?";
  std::vector<std::string_view> values;
  const auto add = [&](const char* condition, std::initializer_list<std::string_view> texts) {
    if (texts.begin()->empty()) return;
    sql += condition;
    values.insert(values.end(), texts);
  };
  const auto below = query.path + "/", behind = query.path + "0";  // '0' comes after '/'
  add(" AND accession = ? AND accession <> ''", {query.accession_sha256});
  add(" AND patient = ? AND patient <> ''", {query.patient_sha256});
  add(" AND study_uid = ?", {query.study_uid});
  add(" AND series_uid = ?", {query.series_uid});
  add(" AND sop_uid = ? AND sop_uid <> ''", {query.sop_uid});
  add(" AND (path = ? OR (path > ? AND path < ?))", {query.path, below, behind});
  auto rows = database_.prepare(sql);
  rows.bind(1, run_);
  for (int i = 0; i < static_cast<int>(values.size()); ++i) rows.bind(i + 2, values[static_cast<std::size_t>(i)]);
  std::vector<Found> found;
  while (rows.step()) found.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3)});
  return found;
}

void HeaderIndex::keep(const std::vector<std::int64_t>& ids, bool whole_series) {
  auto mark = database_.prepare("UPDATE file SET run = ? WHERE id = ?");
  for (const auto id : ids) mark.bind(1, run_ + 1).bind(2, id).run();
  auto others = database_.prepare(
      "UPDATE file SET run = ?1 WHERE run = ?2 AND study_uid <> '' AND (study_uid, series_uid) IN "
      "(SELECT DISTINCT study_uid, series_uid FROM file WHERE run = ?1 AND study_uid <> '')");
  if (whole_series) others.bind(1, run_ + 1).bind(2, run_).run();
  ++run_;
}

// Copies that differ stay, for the plan to refuse.
void HeaderIndex::mark_copies() {
  auto twice = database_.prepare(
      "SELECT study_uid, series_uid, sop_uid FROM file WHERE run = ? AND study_uid <> '' GROUP BY 1, 2, 3 HAVING count(*) > 1");
  auto files =
      database_.prepare("SELECT id, path FROM file WHERE run = ? AND study_uid = ? AND series_uid = ? AND sop_uid = ? ORDER BY path");
  auto mark = database_.prepare("UPDATE file SET copy = 1 WHERE id = ?");
  twice.bind(1, run_);
  std::vector<std::int64_t> copies;
  while (twice.step()) {
    std::set<Digest> seen;
    files.bind(1, run_).bind(2, twice.text(0)).bind(3, twice.text(1)).bind(4, twice.text(2));
    while (files.step())
      if (!seen.insert(sha256_file(files.text(1))).second) copies.push_back(files.integer(0));
    files.reset();
  }
  for (const auto id : copies) mark.bind(1, id).run();
}

std::vector<SeriesInput> HeaderIndex::series() {
  mark_copies();
  auto rows =
      database_.prepare("SELECT study_uid, series_uid, count(*) FROM file WHERE run = ? AND study_uid <> '' GROUP BY 1, 2 ORDER BY 1, 2");
  rows.bind(1, run_);
  std::vector<SeriesInput> found;
  while (rows.step()) found.push_back({rows.text(0), rows.text(1), rows.integer(2)});
  return found;
}

std::vector<LooseFile> HeaderIndex::loose() {
  auto rows = database_.prepare("SELECT path, reason, message FROM file WHERE run = ? AND study_uid = '' ORDER BY path");
  rows.bind(1, run_);
  std::vector<LooseFile> found;
  while (rows.step()) found.push_back({rows.text(0), reason_named(rows.text(1)).value_or(Reason::internal), rows.text(2)});
  return found;
}

// Of the row that is at hand, without those that others asked for.
nlohmann::json HeaderIndex::attributes_here() const {
  auto all = nlohmann::json::from_cbor(text_of(get_.bytes(3)));
  auto attributes = nlohmann::json::object();
  for (auto& [keyword, value] : all.items())
    if (std::ranges::find(keywords_, keyword) != keywords_.end()) attributes[keyword] = std::move(value);
  return attributes;
}

std::vector<InstanceHeader> HeaderIndex::instances(const SeriesInput& series) {
  std::vector<InstanceHeader> found;
  get_.bind(1, run_).bind(2, series.study_uid).bind(3, series.series_uid);
  while (get_.step()) {
    auto& header = found.emplace_back(unpacked<InstanceHeader>(text_of(get_.bytes(2))));
    header.path = get_.text(0);
    header.study_instance_uid = series.study_uid;
    header.series_instance_uid = series.series_uid;
    header.sop_instance_uid = get_.text(1);
    if (found.size() == 1) header.attributes = attributes_here();
  }
  get_.reset();
  return found;
}

nlohmann::json HeaderIndex::attributes(const SeriesInput& series) {
  get_.bind(1, run_).bind(2, series.study_uid).bind(3, series.series_uid);
  auto attributes = get_.step() ? attributes_here() : nlohmann::json::object();
  get_.reset();
  return attributes;
}

}  // namespace aidp
