// SPDX-License-Identifier: Apache-2.0
// What becomes of rows whose source a run did not see. None is ever deleted here.
#include <algorithm>
#include <array>

#include "core/results/rows.hpp"

namespace aidp {

namespace {
// Outcomes that say nothing of the content: what was there before may well be there still.
constexpr std::array could_not_read{Reason::dicom_unreadable, Reason::dicom_changed};

struct Change {
  std::int64_t row;
  Source source;
};

class Marker {
 public:
  Marker(Database& database, AuditLog& audit, const std::string& job_id) : database_(database), audit_(audit), job_id_(job_id) {}

  std::vector<Change> items(std::span<const Digest> seen, const UnseenRows& unseen) {
    std::vector<Change> changes;
    auto rows = database_.prepare("SELECT id, source, key, study_uid, series_uid, sop_uid, frame, source_path FROM item WHERE job_id = ?");
    rows.bind(1, job_id_);
    while (rows.step()) {
      const auto before = rows.text(1);
      const bool here = std::ranges::binary_search(seen, digest_from_hex(rows.text(2)));
      if (here && before == "present") continue;
      if (here) {
        changes.push_back({rows.integer(0), Source::present});
        continue;
      }
      if (before == "superseded") continue;
      const ItemIdentity item{rows.text(2), rows.text(3), rows.text(4), rows.text(5), rows.integer(6), rows.text(7)};
      const auto now = of(item, seen, unseen);
      if (now && name(*now) != before) changes.push_back({rows.integer(0), *now});
    }
    return changes;
  }

  std::vector<Change> series(const std::set<std::string>& seen, const UnseenRows& unseen) {
    std::vector<Change> changes;
    auto rows = database_.prepare(std::string("SELECT ") + series_columns + ", id FROM series WHERE job_id = ?");
    rows.bind(1, job_id_);
    const int id = rows.columns() - 1;
    while (rows.step()) {
      const auto record = series_of(rows);
      if (seen.contains(series_key(record.study_uid, record.series_uid, record.path))) {
        if (record.source != Source::present) changes.push_back({rows.integer(id), Source::present});
        continue;
      }
      const auto now = unseen.series(record);
      if (now && *now != record.source) changes.push_back({rows.integer(id), *now});
    }
    return changes;
  }

  void apply(const std::string& table, const std::vector<Change>& changes, SourceChanges* counts) {
    auto update = database_.prepare("UPDATE " + table + " SET source = ?2, source_since = ?3, leaf = ?4 WHERE id = ?1 RETURNING *");
    const auto since = to_text(now());
    for (const auto& [id, source] : changes) {
      update.bind(1, id).bind(2, name(source)).bind(3, since).bind(4, audit_.size());
      if (!update.step()) throw Error(Reason::internal, "no row " + std::to_string(id) + " of " + table + " in the store");
      audit_.append(
          {{"event", table + event_of(source)}, {"job", job_id_}, {"table", table}, {"row", id}, {"row_sha256", row_sha256(update)}});
      update.run();
      if (counts) ++(source == Source::gone ? counts->gone : source == Source::present ? counts->back : counts->superseded);
    }
  }

 private:
  static const char* event_of(Source source) {
    return source == Source::gone ? ".source_gone" : source == Source::present ? ".source_back" : ".superseded";
  }

  // By what stands in its place now, if anything does; else as the run says.
  std::optional<Source> of(const ItemIdentity& item, std::span<const Digest> seen, const UnseenRows& unseen) {
    auto& same = unseen.whole_series ? of_series_ : of_image_;
    if (!same)
      same.emplace(database_.prepare(std::string("SELECT key, reason FROM item WHERE job_id = ? AND study_uid = ? AND series_uid = ?") +
                                     (unseen.whole_series ? "" : " AND sop_uid = ? AND frame = ?")));
    same->reset();
    same->bind(1, job_id_).bind(2, item.study_uid).bind(3, item.series_uid);
    if (!unseen.whole_series) same->bind(4, item.sop_uid).bind(5, item.frame);
    bool replaced = false;
    while (same->step()) {
      if (!std::ranges::binary_search(seen, digest_from_hex(same->text(0)))) continue;
      const auto reason = reason_named(same->text(1));
      if (reason && std::ranges::find(could_not_read, *reason) != could_not_read.end()) return {};
      replaced = true;
    }
    return replaced ? Source::superseded : unseen.item(item);
  }

  Database& database_;
  AuditLog& audit_;
  const std::string& job_id_;
  std::optional<Statement> of_series_, of_image_;
};
}  // namespace

SourceChanges Recorder::mark_sources(const std::string& job_id, std::span<const Digest> items_seen,
                                     const std::set<std::string>& series_seen, const UnseenRows& unseen) {
  Marker marker(database_, audit_, job_id);
  const auto items = marker.items(items_seen, unseen);
  const auto series = marker.series(series_seen, unseen);
  SourceChanges counts;
  if (items.empty() && series.empty()) return counts;
  Transaction transaction(database_);
  audit_.refresh();
  marker.apply("item", items, &counts);
  marker.apply("series", series, nullptr);
  audit_.seal();
  transaction.commit();
  return counts;
}

RowCounts Recorder::count_rows(const std::string& job_id) {
  RowCounts counts;
  auto items = database_.prepare("SELECT outcome, source, count(*) FROM item WHERE job_id = ? GROUP BY 1, 2");
  items.bind(1, job_id);
  while (items.step()) {
    if (items.text(1) == "gone") counts.gone += items.integer(2);
    if (items.text(1) == "superseded")
      counts.superseded += items.integer(2);
    else
      counts.items[items.text(0)] += items.integer(2);
  }
  auto series = database_.prepare(
      "SELECT outcome, reason, series_uid = '', count(*) FROM series WHERE job_id = ? AND source <> 'superseded' GROUP BY 1, 2, 3");
  series.bind(1, job_id);
  while (series.step()) {
    (series.integer(2) != 0 ? counts.files : counts.series)[series.text(0)] += series.integer(3);
    if (!series.text(1).empty()) counts.reasons[series.text(1)] += series.integer(3);
  }
  return counts;
}

}  // namespace aidp
