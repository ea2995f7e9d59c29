// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/header_index.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <unordered_map>

#include "core/base/hash.hpp"
#include "core/base/packed.hpp"
#include "core/base/text.hpp"
#include "jobs/protocol/packed_attributes.hpp"
#include "jobs/sources/header_rows.hpp"

namespace aidp {

namespace {
std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::int64_t bits_of(const MadeUids& made) { return made.study + 2 * made.series + 4 * made.instance; }
MadeUids made_of(std::int64_t bits) { return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0}; }
}  // namespace

bool HeaderIndex::list(const std::string& path, const std::optional<FileState>& state, const std::string& folder) {
  return guarded([&] {
    std::int64_t id = 0;
    bool listed = false, same = false;
    auto& find = rows_->find;
    find.bind(1, path).bind(2, folder);
    if (find.step()) {
      id = find.integer(0);
      listed = find.integer(6) == run_;
      const FileState before{find.integer(1), find.integer(2), find.integer(3), find.integer(4)};
      same = !listed && find.integer(5) >= generation_ && find.integer(7) != 0 && find.integer(8) != 0 && state == before;
    }
    find.reset();
    if (same) rows_->touch.bind(1, run_).bind(2, id).run();
    return !listed && !same && to_read_.insert(path).second;
  });
}

std::int64_t HeaderIndex::known() {
  return guarded([&] {
    auto count = database_->prepare("SELECT count(*) FROM file WHERE run = ?");
    count.bind(1, run_).step();
    return count.integer(0);
  });
}

void HeaderIndex::bind_state(Statement& statement, const std::string& path, const FileState& state) {
  to_read_.erase(path);
  statement.bind(1, path).bind(2, state.size).bind(3, state.mtime_ns).bind(4, state.ctime_ns).bind(5, state.inode);
}

// Files of one series mostly come one after the other.
std::int64_t HeaderIndex::series_of(std::string_view study_uid, std::string_view series_uid) {
  if (last_series_.study_uid == study_uid && last_series_.series_uid == series_uid) return last_series_.id;
  rows_->find_series.bind(1, study_uid).bind(2, series_uid);
  const auto known = rows_->find_series.step() ? std::optional(rows_->find_series.integer(0)) : std::nullopt;
  rows_->find_series.reset();
  if (!known) rows_->add_series.bind(1, study_uid).bind(2, series_uid).run();
  last_series_ = {known.value_or(database_->last_id()), std::string(study_uid), std::string(series_uid), 0, {}, {}};
  return last_series_.id;
}

// Files of one patient mostly come one after the other.
const std::string& HeaderIndex::keyed(Keyed& last, const char* domain, std::string_view text) {
  if (last.text != text) last = {std::string(text), pseudonym(key_, domain, text)};
  return last.pseudonym;
}

void HeaderIndex::add(const std::string& path, const ScannedFile& file, const MadeUids& made, const std::string& folder) {
  guarded([&] {
    const auto series = series_of(file.study_uid, file.series_uid);
    auto& add = rows_->add_header;
    bind_state(add, path, file.state);
    add.bind(6, generation_).bind(7, run_).bind(8, std::int64_t{file.has_pixels}).bind(9, series).bind(10, file.sop_uid);
    add.bind(11, keyed(last_accession_, "accession", file.accession_number)).bind(12, keyed(last_patient_, "patient", file.patient_id));
    add.bind(13, bytes_of(file.header)).bind(14, bytes_of(file.attributes)).bind(15, bits_of(made));
    add.bind(16, made.any() ? std::optional(folder) : std::nullopt).run();
  });
}

void HeaderIndex::add(const LooseFile& loose, const ScannedFile& file, Known known) {
  guarded([&] {
    const bool has_series = !file.study_uid.empty() && !file.series_uid.empty();
    const auto member = has_series && known == Known::no ? series_of(file.study_uid, file.series_uid) : 0;
    bind_state(rows_->add_loose, loose.path, file.state);
    auto& add = rows_->add_loose;
    add.bind(6, known == Known::no ? -1 : generation_).bind(7, run_).bind(8, name(loose.reason)).bind(9, loose.message).bind(10, member);
    add.bind(11, known == Known::while_no_uid_is_made ? std::optional("") : std::nullopt).run();
  });
}

void HeaderIndex::commit() {
  guarded([&] { database_->execute("COMMIT; BEGIN"); });
}

void HeaderIndex::distrust(const std::string& path) {
  guarded([&] {
    database_->prepare("UPDATE file SET generation = -1 WHERE path = ?").bind(1, path).run();
    database_->execute("COMMIT; BEGIN");
  });
}

std::vector<std::vector<HeaderIndex::Found>> HeaderIndex::find(const std::vector<Query>& queries) {
  return guarded([&] {
    for (const char* column : {"accession", "patient", "sop_uid"})  // where no worklist is ever used they would cost every scan
      database_->execute(std::string("CREATE INDEX IF NOT EXISTS file_") + column + " ON file(" + column + ") WHERE " + column + " <> ''");
    std::vector<std::vector<Found>> found;
    for (const auto& query : queries) found.push_back(find(query));
    return found;
  });
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
  const auto accession = pseudonym(key_, "accession", identifier_in(query.accession_number));
  const auto patient = pseudonym(key_, "patient", identifier_in(query.patient_id));
  add(" AND accession = ? AND accession <> ''", {accession});
  add(" AND patient = ? AND patient <> ''", {patient});
  add(" AND series IN (SELECT id FROM series WHERE study_uid = ?)", {query.study_uid});
  add(" AND series IN (SELECT id FROM series WHERE series_uid = ?)", {query.series_uid});
  add(" AND sop_uid = ? AND sop_uid <> ''", {query.sop_uid});
  add(" AND (path = ? OR (path > ? AND path < ?))", {query.path, below, behind});
  auto rows = database_->prepare(sql);
  rows.bind(1, run_);
  for (int i = 0; i < static_cast<int>(values.size()); ++i) rows.bind(i + 2, values[static_cast<std::size_t>(i)]);
  std::vector<Found> found;
  while (rows.step()) found.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3)});
  return found;
}

void HeaderIndex::keep(const std::vector<std::int64_t>& ids, bool whole_series) {
  guarded([&] {
    auto mark = database_->prepare("UPDATE file SET run = ? WHERE id = ?");
    for (const auto id : ids) mark.bind(1, run_ + 1).bind(2, id).run();
    auto others = database_->prepare(
        "UPDATE file SET run = ?1 WHERE run = ?2 AND series <> 0 AND series IN (SELECT DISTINCT series FROM file WHERE run = ?1)");
    if (whole_series) others.bind(1, run_ + 1).bind(2, run_).run();
    ++run_;
  });
}

// Copies that differ stay, for the plan to refuse.
void HeaderIndex::drop_copies(std::vector<InstanceHeader>& instances) {
  std::unordered_map<std::string_view, std::string_view> seen;
  std::map<std::string, std::string> twice;  // to the first two files of that SOPInstanceUID, as messages name them
  for (const auto& header : instances)
    if (const auto [first, is_new] = seen.emplace(header.sop_instance_uid, header.path); !is_new)
      twice.emplace(header.sop_instance_uid, std::string(first->second) + " and " + header.path);
  if (twice.empty()) return;
  auto mark = guarded([&] { return database_->prepare("UPDATE file SET copy = 1 WHERE path = ?"); });
  std::set<std::pair<std::string, std::string>> contents;
  const auto digest_of = [&](const InstanceHeader& header) {
    try {
      return hash_(header.path, header.state);
    } catch (const Error& error) {
      if (error.reason() == Reason::interrupted || error.reason() == Reason::terminated) throw;
      throw Error(Reason::dicom_unreadable, printable("two files have the same SOPInstanceUID and cannot be compared: " +
                                                      twice.at(header.sop_instance_uid) + ": " + error.what()));
    }
  };
  std::erase_if(instances, [&](const auto& header) {
    const auto& sop = header.sop_instance_uid;
    if (!twice.contains(sop) || contents.emplace(sop, digest_of(header)).second) return false;
    guarded([&] { mark.bind(1, header.path).run(); });
    return true;
  });
}

std::vector<SeriesInput> HeaderIndex::series() {
  return guarded([&] {
    auto rows = database_->prepare(
        "SELECT series.id, study_uid, series_uid, count(*), max(made & 1) + max(made & 2) + max(made & 4) FROM file JOIN series ON "
        "series.id = series WHERE run = ? GROUP BY series "
        "ORDER BY study_uid, series_uid");
    rows.bind(1, run_);
    std::vector<SeriesInput> found;
    while (rows.step()) {
      found.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.integer(3), {}, made_of(rows.integer(4))});
      if (const auto lack = lacking_.find(found.back().id); lack != lacking_.end()) found.back().lacks = lack->second;
    }
    return found;
  });
}

std::vector<LooseFile> HeaderIndex::loose() {
  return guarded([&] {
    auto rows = database_->prepare("SELECT path, reason, message FROM file WHERE run = ? AND series = 0 ORDER BY path");
    rows.bind(1, run_);
    std::vector<LooseFile> found;
    while (rows.step()) found.push_back({rows.text(0), reason_named(rows.text(1)).value_or(Reason::internal), rows.text(2)});
    return found;
  });
}

std::vector<InstanceHeader> HeaderIndex::instances(const SeriesInput& series) {
  std::vector<InstanceHeader> found;
  std::string first_attributes;
  guarded([&] {
    auto& get = rows_->get;
    get.bind(1, run_).bind(2, series.id);
    while (get.step()) {
      auto& header = found.emplace_back();
      try {
        header = unpacked<InstanceHeader>(text_of(get.bytes(2)));
        const auto attributes = get.bytes(10);
        if (found.size() == 1)
          header.attributes = wanted_of(attributes);
        else if (text_of(attributes) != first_attributes)
          header.attributes = differing(wanted_of(attributes), found.front().attributes);
        if (found.size() == 1) first_attributes = text_of(attributes);
      } catch (const std::exception&) {  // msgpack has several
        const auto id = get.integer(9);
        const auto path = get.text(0);
        get.reset();
        invalid(id, path);
      }
      header.path = get.text(0);
      header.state = {get.integer(5), get.integer(6), get.integer(7), get.integer(8)};
      header.study_instance_uid = series.study_uid;
      header.series_instance_uid = series.series_uid;
      header.sop_instance_uid = get.text(1);
      header.made = made_of(get.integer(11));
      header.accession_pseudonym = get.text(3);
      header.patient_pseudonym = get.text(4);
    }
    get.reset();
  });
  drop_copies(found);
  return found;
}

std::string HeaderIndex::path(const SeriesInput& series, std::size_t which) {
  return guarded([&] {
    auto row =
        database_->prepare("SELECT path FROM file WHERE run = ? AND series = ? AND copy = 0 ORDER BY image DESC, path LIMIT 1 OFFSET ?");
    return row.bind(1, run_).bind(2, series.id).bind(3, static_cast<std::int64_t>(which)).step() ? row.text(0) : std::string();
  });
}

// Without those that others asked for.
nlohmann::json HeaderIndex::wanted_of(std::span<const std::byte> packed) const {
  auto attributes = nlohmann::json::object();
  const auto all = unpacked_attributes(text_of(packed));
  for (const auto& [keyword, value] : all.items())
    if (std::ranges::find(keywords_, keyword) != keywords_.end()) attributes[keyword] = value;
  return attributes;
}

nlohmann::json HeaderIndex::attributes(const SeriesInput& series, std::size_t which) {
  return guarded([&] {
    auto attributes = nlohmann::json::object();
    auto& get = rows_->get_attributes;
    get.bind(1, run_).bind(2, series.id).bind(3, static_cast<std::int64_t>(which));
    if (get.step()) try {
        attributes = wanted_of(get.bytes(0));
      } catch (const Error&) {
        const auto id = get.integer(1);
        const auto path = get.text(2);
        get.reset();
        invalid(id, path);
      }
    get.reset();
    return attributes;
  });
}

void HeaderIndex::doubt(const SeriesInput& series) {
  guarded([&] {
    auto all = database_->prepare("UPDATE file SET generation = -1 WHERE run = ? AND series = ? AND NOT confirmed");
    all.bind(1, run_).bind(2, series.id).run();
  });
}

}  // namespace aidp
