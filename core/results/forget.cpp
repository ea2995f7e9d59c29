// SPDX-License-Identifier: Apache-2.0
#include "core/results/forget.hpp"

#include "core/results/rows.hpp"

namespace aidp {

namespace {
Statement select(Database& database, const char* columns, const std::string& table, const std::string& job_id, const RowFilter& filter) {
  auto rows = database.prepare(std::string("SELECT ") + columns + " FROM " + table +
                               " WHERE job_id = ?1 AND (?2 = '' OR study_uid = ?2) AND (?3 = '' OR series_uid = ?3)"
                               " AND (?4 = '' OR (source <> 'present' AND source_since < ?4))");
  rows.bind(1, job_id).bind(2, filter.study_uid).bind(3, filter.series_uid);
  rows.bind(4, filter.gone_before ? to_text(*filter.gone_before) : std::string());
  return rows;
}

std::vector<std::int64_t> ids(Statement rows) {
  std::vector<std::int64_t> found;
  while (rows.step()) found.push_back(rows.integer(0));
  return found;
}

class Forgetter {
 public:
  Forgetter(Database& database, AuditLog& audit, const JobRecord& job) : database_(database), audit_(audit), job_(job) {}

  void drop(const std::string& table, const std::vector<std::int64_t>& rows) {
    auto remove = database_.prepare("DELETE FROM " + table + " WHERE id = ?");
    for (const auto id : rows) {
      audit_.append_dropped({{"event", table + ".forgotten"}, {"job", job_.id}}, table, id);
      remove.bind(1, id).run();
    }
  }

 private:
  Database& database_;
  AuditLog& audit_;
  const JobRecord& job_;
};
}  // namespace

ForgettableRows rows_to_forget(Database& database, const std::string& job_id, const RowFilter& filter) {
  ForgettableRows found;
  auto items = select(database, "artefacts, source", "item", job_id, filter);
  while (items.step()) {
    ++found.items;
    found.present += items.text(1) == "present";
    for (auto& artefact : artefacts_of(items.text(0))) found.artefacts.push_back(std::move(artefact.path));
  }
  auto series = select(database, "count(*)", "series", job_id, filter);
  series.step();
  found.series = series.integer(0);
  return found;
}

void forget_rows(Database& database, AuditLog& audit, const JobRecord& job, const RowFilter& filter, const std::string& reason) {
  Transaction transaction(database);
  audit.refresh();
  const auto items = ids(select(database, "id", "item", job.id, filter));
  const auto series = ids(select(database, "id", "series", job.id, filter));
  std::vector<std::int64_t> provenances;
  {
    auto shared = database.prepare("SELECT provenance FROM item WHERE id = ? AND provenance IS NOT NULL");
    std::set<std::int64_t> touched;
    for (const auto id : items) {
      if (shared.bind(1, id).step()) touched.insert(shared.integer(0));
      shared.reset();
    }
    provenances.assign(touched.begin(), touched.end());
  }
  audit.append({{"event", "job.forgot"},
                {"job", job.id},
                {"reason", reason},
                {"by", !filter.series_uid.empty()  ? "series"
                       : !filter.study_uid.empty() ? "study"
                       : filter.gone_before        ? "gone"
                                                   : "all"},
                {"items", items.size()},
                {"series", series.size()},
                {"user", job.user},
                {"host", job.host}});
  Forgetter forgetter(database, audit, job);
  forgetter.drop("item", items);
  forgetter.drop("series", series);
  auto used = database.prepare("SELECT 1 FROM item WHERE provenance = ? LIMIT 1");
  std::erase_if(provenances, [&](const auto id) {
    const bool is_used = used.bind(1, id).step();
    used.reset();
    return is_used;
  });
  forgetter.drop("provenance", provenances);
  audit.seal();
  transaction.commit();
}

}  // namespace aidp
