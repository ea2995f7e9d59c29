// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/header_index.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "core/base/hash.hpp"
#include "core/base/packed.hpp"

namespace aidp {

namespace {
constexpr std::int64_t runs_kept = 400;  // a nightly job's year: what none of them listed is forgotten

// Another version wherever the columns or what is in a header change.
constexpr Database::Scratch layout{12, R"sql(
CREATE TABLE keyword (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
CREATE TABLE series (id INTEGER PRIMARY KEY, study_uid TEXT NOT NULL, series_uid TEXT NOT NULL, UNIQUE (study_uid, series_uid)) STRICT;
CREATE TABLE file (
  id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  generation INTEGER NOT NULL,                      -- of the keywords that were read; -1: to be read again in any case
  run INTEGER NOT NULL,                             -- the last that listed it
  image INTEGER NOT NULL DEFAULT 0,
  copy INTEGER NOT NULL DEFAULT 0,                  -- byte-identical to an earlier instance of the series
  series INTEGER NOT NULL DEFAULT 0,                -- 0 where it belongs to none, and `reason` says why
  sop_uid TEXT NOT NULL DEFAULT '',
  accession TEXT NOT NULL DEFAULT '', patient TEXT NOT NULL DEFAULT '',  -- hashes
  header BLOB, attributes BLOB, reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX file_series ON file(run, series, image DESC, path);
)sql"};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::optional<Digest> digest_of(const std::string& path) try { return sha256_file(path); } catch (const Error&) {
  return std::nullopt;
}
}  // namespace

HeaderIndex::HeaderIndex(const std::filesystem::path& file, std::vector<std::string> keywords)
    : database_(file, layout),
      keywords_(std::move(keywords)),
      find_(database_.prepare("SELECT id, size, mtime_ns, ctime_ns, inode, generation, run FROM file WHERE path = ?")),
      touch_(database_.prepare("UPDATE file SET run = ?, copy = 0 WHERE id = ?")),
      forget_(database_.prepare("DELETE FROM file WHERE id = ?")),
      find_series_(database_.prepare("SELECT id FROM series WHERE study_uid = ? AND series_uid = ?")),
      add_series_(database_.prepare("INSERT INTO series (study_uid, series_uid) VALUES (?, ?)")),
      add_header_(database_.prepare("INSERT INTO file (path, size, mtime_ns, ctime_ns, inode, generation, run, series, sop_uid, accession, "
                                    "patient, header, attributes, image) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      add_loose_(database_.prepare("INSERT INTO file (path, size, mtime_ns, ctime_ns, inode, generation, run, reason, message) "
                                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      get_(database_.prepare("SELECT path, sop_uid, header FROM file WHERE run = ? AND series = ? AND copy = 0 ORDER BY image DESC, path")),
      get_attributes_(database_.prepare("SELECT attributes FROM file WHERE run = ? AND series = ? ORDER BY image DESC, path LIMIT 1")) {
  keywords_.insert(keywords_.end(), surveillance_keywords().begin(), surveillance_keywords().end());
  database_.execute("BEGIN");
  auto last = database_.prepare("SELECT max(run) FROM file");
  last.step();
  run_ = last.integer(0) + 1;
  forget_before(run_ - runs_kept);
  learn_keywords();
}

// Series are looked through only where files went: that takes a walk through all.
void HeaderIndex::forget_before(std::int64_t run) {
  auto oldest = database_.prepare("SELECT 1 FROM file WHERE run < ? LIMIT 1");
  if (!oldest.bind(1, run).step()) return;
  database_.prepare("DELETE FROM file WHERE run < ?").bind(1, run).run();
  database_.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM file)");
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
  std::int64_t id = 0;
  bool listed = false, same = false;
  find_.bind(1, path);
  if (find_.step()) {
    id = find_.integer(0);
    listed = find_.integer(6) == run_;
    const FileState before{find_.integer(1), find_.integer(2), find_.integer(3), find_.integer(4)};
    same = !listed && find_.integer(5) >= generation_ && file_state(path) == before;
  }
  find_.reset();
  if (same) touch_.bind(1, run_).bind(2, id).run();
  if (listed || same) return false;
  if (id != 0) forget_.bind(1, id).run();
  return to_read_.insert(path).second;
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

// Files of one series mostly come one after the other.
std::int64_t HeaderIndex::series_of(const ScannedFile& file) {
  if (last_series_.study_uid == file.study_uid && last_series_.series_uid == file.series_uid) return last_series_.id;
  find_series_.bind(1, file.study_uid).bind(2, file.series_uid);
  const auto known = find_series_.step() ? std::optional(find_series_.integer(0)) : std::nullopt;
  find_series_.reset();
  if (!known) add_series_.bind(1, file.study_uid).bind(2, file.series_uid).run();
  last_series_ = {known.value_or(database_.last_id()), std::string(file.study_uid), std::string(file.series_uid)};
  return last_series_.id;
}

void HeaderIndex::add(const std::string& path, const ScannedFile& file) {
  const auto series = series_of(file);
  bind_state(add_header_, path, file.state);
  add_header_.bind(6, generation_).bind(7, run_).bind(8, series).bind(9, file.sop_uid);
  add_header_.bind(10, file.accession_sha256).bind(11, file.patient_sha256);
  add_header_.bind(12, bytes_of(file.header)).bind(13, bytes_of(file.attributes)).bind(14, std::int64_t{file.has_pixels}).run();
}

void HeaderIndex::add(const LooseFile& loose, const FileState& state, bool known) {
  bind_state(add_loose_, loose.path, state);
  add_loose_.bind(6, known ? generation_ : -1).bind(7, run_).bind(8, name(loose.reason)).bind(9, loose.message).run();
}

void HeaderIndex::commit() { database_.execute("COMMIT; BEGIN"); }

std::vector<std::vector<HeaderIndex::Found>> HeaderIndex::find(const std::vector<Query>& queries) {
  for (const char* column : {"accession", "patient", "sop_uid"})  // where no worklist is ever used they would cost every scan
    database_.execute(std::string("CREATE INDEX IF NOT EXISTS file_") + column + " ON file(" + column + ") WHERE " + column + " <> ''");
  database_.execute("CREATE INDEX IF NOT EXISTS series_series_uid ON series(series_uid)");
  std::vector<std::vector<Found>> found;
  for (const auto& query : queries) found.push_back(find(query));
  return found;
}

std::vector<HeaderIndex::Found> HeaderIndex::find(const Query& query) {
  std::string sql = "SELECT file.id, study_uid, series_uid, sop_uid FROM file LEFT JOIN series ON series.id = series WHERE run = ?";
  std::vector<std::string_view> values;
  const auto add = [&](const char* condition, std::initializer_list<std::string_view> texts) {
    if (texts.begin()->empty()) return;
    sql += condition;
    values.insert(values.end(), texts);
  };
  const auto below = query.path + "/", behind = query.path + "0";  // '0' comes after '/'
  add(" AND accession = ? AND accession <> ''", {query.accession_sha256});
  add(" AND patient = ? AND patient <> ''", {query.patient_sha256});
  add(" AND series IN (SELECT id FROM series WHERE study_uid = ?)", {query.study_uid});
  add(" AND series IN (SELECT id FROM series WHERE series_uid = ?)", {query.series_uid});
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
      "UPDATE file SET run = ?1 WHERE run = ?2 AND series <> 0 AND series IN (SELECT DISTINCT series FROM file WHERE run = ?1)");
  if (whole_series) others.bind(1, run_ + 1).bind(2, run_).run();
  ++run_;
}

// Copies that differ, or cannot be read, stay, for the plan to refuse.
void HeaderIndex::drop_copies(std::vector<InstanceHeader>& instances) {
  std::unordered_set<std::string_view> seen;
  std::set<std::string> twice;
  for (const auto& header : instances)
    if (!seen.insert(header.sop_instance_uid).second) twice.insert(header.sop_instance_uid);
  if (twice.empty()) return;
  auto mark = database_.prepare("UPDATE file SET copy = 1 WHERE path = ?");
  std::set<std::pair<std::string, Digest>> contents;
  std::erase_if(instances, [&](const auto& header) {
    const auto& sop = header.sop_instance_uid;
    const auto digest = twice.contains(sop) ? digest_of(header.path) : std::nullopt;
    if (!digest || contents.emplace(sop, *digest).second) return false;
    mark.bind(1, header.path).run();
    return true;
  });
}

std::vector<SeriesInput> HeaderIndex::series() {
  auto rows = database_.prepare(
      "SELECT series.id, study_uid, series_uid, count(*) FROM file JOIN series ON series.id = series WHERE run = ? GROUP BY series "
      "ORDER BY study_uid, series_uid");
  rows.bind(1, run_);
  std::vector<SeriesInput> found;
  while (rows.step()) found.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.integer(3)});
  return found;
}

std::vector<LooseFile> HeaderIndex::loose() {
  auto rows = database_.prepare("SELECT path, reason, message FROM file WHERE run = ? AND series = 0 ORDER BY path");
  rows.bind(1, run_);
  std::vector<LooseFile> found;
  while (rows.step()) found.push_back({rows.text(0), reason_named(rows.text(1)).value_or(Reason::internal), rows.text(2)});
  return found;
}

std::vector<InstanceHeader> HeaderIndex::instances(const SeriesInput& series) {
  std::vector<InstanceHeader> found;
  get_.bind(1, run_).bind(2, series.id);
  while (get_.step()) {
    auto& header = found.emplace_back(unpacked<InstanceHeader>(text_of(get_.bytes(2))));
    header.path = get_.text(0);
    header.study_instance_uid = series.study_uid;
    header.series_instance_uid = series.series_uid;
    header.sop_instance_uid = get_.text(1);
  }
  get_.reset();
  drop_copies(found);
  if (!found.empty()) found.front().attributes = attributes(series);
  return found;
}

// Without those that others asked for.
nlohmann::json HeaderIndex::attributes(const SeriesInput& series) {
  auto attributes = nlohmann::json::object();
  get_attributes_.bind(1, run_).bind(2, series.id);
  if (get_attributes_.step()) {
    auto all = nlohmann::json::from_cbor(text_of(get_attributes_.bytes(0)));
    for (auto& [keyword, value] : all.items())
      if (std::ranges::find(keywords_, keyword) != keywords_.end()) attributes[keyword] = std::move(value);
  }
  get_attributes_.reset();
  return attributes;
}

}  // namespace aidp
