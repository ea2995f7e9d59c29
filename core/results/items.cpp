// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "core/results/rows.hpp"
#include "core/results/statements.hpp"

namespace aidp {

// INSERT INTO provenance (digest, leaf, study_date, ...) VALUES (?1, ?2, ?3, ...)
static std::string add_provenance_sql() {
  std::string columns = "digest, leaf", values = "?1, ?2";
  for (std::size_t i = 0; i < provenance_fields.size(); ++i) {
    columns += ", " + std::string(provenance_fields[i].name);
    values += ", ?" + std::to_string(i + 3);
  }
  return "INSERT INTO provenance (" + columns + ") VALUES (" + values + ") RETURNING *";
}

static std::string select_provenance_sql() {
  std::vector<std::string> columns;
  for (const auto& field : provenance_fields) columns.emplace_back(field.name);
  return "SELECT " + join(columns, ", ") + " FROM provenance WHERE id = ?";
}

Recorder::Statements::Statements(Database& database)
    : item(database.prepare(R"(
INSERT INTO item (job_id, key, study_uid, series_uid, sop_uid, frame, outcome, reason, message, attempts, "values", flags, artefacts,
                  queued_at, finished_at, device, decode_ms, infer_ms, leaf, source_path, image_position, acquisition_date,
                  acquisition_time, provenance)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)
ON CONFLICT (job_id, key) DO UPDATE SET study_uid = ?3, series_uid = ?4, sop_uid = ?5, frame = ?6, outcome = ?7, reason = ?8, message = ?9,
  attempts = ?10, "values" = ?11, flags = ?12, artefacts = ?13, queued_at = ?14, finished_at = ?15, device = ?16, decode_ms = ?17,
  infer_ms = ?18, leaf = ?19, source_path = ?20, image_position = ?21, acquisition_date = ?22, acquisition_time = ?23, provenance = ?24,
  source_since = iif(source = 'present', source_since, ?15), source = 'present'
WHERE item.outcome IN ('failed', 'quarantined') OR item.artefacts <> ?13 RETURNING *)")),
      series(database.prepare(R"(
INSERT INTO series (job_id, study_uid, series_uid, path, attributes, instances, outcome, reason, message, recorded_at, leaf, source_path)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (job_id, study_uid, series_uid, path) DO UPDATE SET attributes = ?5, instances = ?6, outcome = ?7, reason = ?8, message = ?9,
  recorded_at = ?10, leaf = ?11, source_path = ?12, source_since = iif(source = 'present', source_since, ?10), source = 'present'
WHERE (series.attributes, series.instances, series.outcome, series.reason, series.message) IS NOT (?5, ?6, ?7, ?8, ?9) RETURNING *)")),
      file(database.prepare("INSERT INTO file (path, leaf, size, mtime_ns, ctime_ns, inode, sha256) VALUES (?, ?, ?, ?, ?, ?, ?)")),
      file_by_path(database.prepare("SELECT size, mtime_ns, ctime_ns, inode, sha256 FROM file WHERE path = ? ORDER BY leaf DESC LIMIT 1")),
      completed(database.prepare("SELECT artefacts FROM item WHERE job_id = ? AND key = ? AND outcome = 'completed'")),
      find_provenance(database.prepare("SELECT id FROM provenance WHERE digest = ?")),
      add_provenance(database.prepare(add_provenance_sql())) {}

namespace {
double finite(double value) { return std::isfinite(value) ? value : 0; }

// A number that is not finite has no JSON; the worker refuses it before (model.not_finite), so its absence is enough here.
nlohmann::json values_json(const std::map<std::string, double>& values) {
  auto json = nlohmann::json::object();
  for (const auto& [output, value] : values)
    if (std::isfinite(value)) json[output] = value;
  return json;
}

void add_reason(nlohmann::json& event, const std::optional<Reason>& reason) {
  if (reason) event["reason"] = name(*reason);
}
}  // namespace

Recorder::Statements& Recorder::statements() {
  if (!statements_) statements_ = std::make_unique<Statements>(database_);
  return *statements_;
}

// Of what is stored already, or is now.
std::int64_t Recorder::provenance_id(const Provenance& provenance) {
  Sha256 hash;
  for (const auto& field : provenance_fields) hash.update(printable(provenance.*field.text) + "\n");
  const auto digest = hex(hash.finish());
  auto& find = statements().find_provenance;
  const auto known = find.bind(1, digest).step() ? std::optional(find.integer(0)) : std::nullopt;
  find.reset();
  if (known) return *known;
  auto& insert = statements().add_provenance;
  insert.reset();
  insert.bind(1, digest).bind(2, audit_.size());
  for (std::size_t i = 0; i < provenance_fields.size(); ++i)
    insert.bind(static_cast<int>(i) + 3, printable(provenance.*provenance_fields[i].text));
  if (!insert.step()) throw Error(Reason::internal, "the store keeps no provenance");
  const auto id = insert.integer(0);
  audit_.append({{"event", "provenance.recorded"}, {"table", "provenance"}, {"row", id}, {"row_sha256", row_sha256(insert)}});
  insert.run();
  return id;
}

void Recorder::record_item(const std::string& job_id, const ItemRecord& item) {
  const bool was_completed = completed(job_id, item.key).has_value();
  const auto provenance = provenance_id(item.provenance);
  auto& insert = statements().item;
  insert.reset();
  insert.bind(1, job_id).bind(2, item.key).bind(3, item.study_uid).bind(4, item.series_uid).bind(5, item.sop_uid).bind(6, item.frame);
  insert.bind(7, name(item.outcome)).bind(8, reason_text(item.reason)).bind(9, printable(item.message)).bind(10, item.attempts);
  insert.bind(11, column_json(values_json(item.values)))
      .bind(12, column_json(item.flags))
      .bind(13, column_json(artefacts_json(item.artefacts)));
  insert.bind(14, to_text(item.queued)).bind(15, to_text(item.finished)).bind(16, printable(item.device));
  insert.bind(17, finite(item.decode_ms)).bind(18, finite(item.infer_ms)).bind(19, audit_.size());
  insert.bind(20, item.source_path).bind(21, item.image_position).bind(22, item.acquisition_date);
  insert.bind(23, item.acquisition_time).bind(24, provenance);
  if (insert.step()) {
    nlohmann::json event{{"event", "item." + std::string(name(item.outcome))},
                         {"job", job_id},
                         {"key", item.key},
                         {"table", "item"},
                         {"row", insert.integer(0)},
                         {"row_sha256", row_sha256(insert)}};
    if (was_completed) event["made_again"] = true;
    add_reason(event, item.reason);
    audit_.append(std::move(event));
  }
  insert.run();
}

void Recorder::record_series(const std::string& job_id, const SeriesRecord& series) {
  auto& insert = statements().series;
  insert.reset();
  insert.bind(1, job_id).bind(2, series.study_uid).bind(3, series.series_uid).bind(4, series.path);
  insert.bind(5, column_json(series.attributes.is_null() ? nlohmann::json::object() : series.attributes)).bind(6, series.instances);
  insert.bind(7, name(series.outcome)).bind(8, reason_text(series.reason)).bind(9, printable(series.message));
  insert.bind(10, to_text(now())).bind(11, audit_.size()).bind(12, series.source_path);
  if (insert.step()) {
    nlohmann::json event{{"event", "series." + std::string(name(series.outcome))},
                         {"job", job_id},
                         {"instances", series.instances},
                         {"table", "series"},
                         {"row", insert.integer(0)},
                         {"row_sha256", row_sha256(insert)}};
    add_reason(event, series.reason);
    audit_.append(std::move(event));
  }
  insert.run();
}

void Recorder::commit(const std::string& job_id, const std::vector<ItemRecord>& items, const std::vector<SeriesRecord>& series,
                      const std::vector<FileRecord>& files) {
  Transaction transaction(database_);
  audit_.refresh();
  for (const auto& item : items) record_item(job_id, item);
  for (const auto& one : series) record_series(job_id, one);
  record_files(job_id, files);
  audit_.seal();
  transaction.commit();
}

bool Recorder::try_commit(const std::string& job_id, const std::vector<ItemRecord>& items, const std::vector<SeriesRecord>& series,
                          const std::vector<FileRecord>& files) {
  const BusyWait brief(database_, std::chrono::milliseconds(250));
  try {
    commit(job_id, items, series, files);
  } catch (const Error& error) {
    if (error.reason() != Reason::store_locked) throw;
    return false;
  }
  return true;
}

std::optional<std::vector<ArtefactRecord>> Recorder::completed(const std::string& job_id, const std::string& key) {
  auto& row = statements().completed;
  std::optional<std::vector<ArtefactRecord>> found;
  if (row.bind(1, job_id).bind(2, key).step()) found = artefacts_of(row.text(0));
  row.reset();
  return found;
}

// Consecutive items mostly share theirs.
void Recorder::for_each_item(const std::string& job_id, const std::function<void(const ItemRecord&)>& visit) {
  auto rows = database_.prepare(std::string("SELECT ") + item_columns +
                                " FROM item WHERE job_id = ? ORDER BY study_uid, series_uid, sop_uid, frame, key");
  auto one = database_.prepare(select_provenance_sql());
  std::int64_t last = 0;
  Provenance provenance;
  rows.bind(1, job_id);
  while (rows.step()) {
    if (const auto id = rows.integer(item_provenance_column); id != last) {
      provenance = {};
      if (one.bind(1, id).step())
        for (std::size_t i = 0; i < provenance_fields.size(); ++i) provenance.*provenance_fields[i].text = one.text(static_cast<int>(i));
      one.reset();
      last = id;
    }
    auto item = item_of(rows);
    item.provenance = provenance;
    visit(item);
  }
}

void Recorder::for_each_series(const std::string& job_id, const std::function<void(const SeriesRecord&)>& visit) {
  auto rows =
      database_.prepare(std::string("SELECT ") + series_columns + " FROM series WHERE job_id = ? ORDER BY study_uid, series_uid, path");
  rows.bind(1, job_id);
  while (rows.step()) visit(series_of(rows));
}

}  // namespace aidp
