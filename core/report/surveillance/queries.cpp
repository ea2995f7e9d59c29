// SPDX-License-Identifier: Apache-2.0
#include "core/report/surveillance/queries.hpp"

namespace aidp {

Statement SurveillanceQueries::select(const char* sql, Time from, Time to) {
  auto rows = database_.prepare(sql);
  rows.bind(1, model_).bind(2, to_text(from)).bind(3, to_text(to));
  return rows;
}

SurveillanceQueries::SeriesCounts SurveillanceQueries::count_series(Time from, Time to) {
  auto rows = select(R"(
SELECT count(DISTINCT CASE WHEN series.series_uid <> '' THEN series.study_uid END), coalesce(sum(series.series_uid <> ''), 0),
  coalesce(sum(series.instances), 0), coalesce(sum(series.series_uid = ''), 0)
FROM series JOIN job ON job.id = series.job_id
WHERE series.source <> 'superseded' AND series.recorded_at >= ?2 AND series.recorded_at < ?3
AND (?1 = '' OR job.model_name = ?1))",
                     from, to);
  if (!rows.step()) return {};
  return {rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3)};
}

std::vector<SurveillanceQueries::OutcomeCount> SurveillanceQueries::count_outcomes(Time from, Time to) {
  auto rows = select(R"(
SELECT series.outcome, series.reason, series.series_uid <> '', count(*) FROM series JOIN job ON job.id = series.job_id
WHERE series.source <> 'superseded' AND series.recorded_at >= ?2 AND series.recorded_at < ?3
AND (?1 = '' OR job.model_name = ?1) GROUP BY 1, 2, 3)",
                     from, to);
  std::vector<OutcomeCount> counts;
  while (rows.step()) counts.push_back({rows.text(0), rows.text(1), rows.integer(2) != 0, rows.integer(3)});
  return counts;
}

const SurveillanceQueries::Origin& SurveillanceQueries::origin_of(std::int64_t series) {
  const auto [found, is_new] = origins_.try_emplace(series);
  if (is_new) {
    auto row = database_.prepare("SELECT series.attributes, job.site FROM series JOIN job ON job.id = series.job_id WHERE series.id = ?1");
    row.bind(1, series);
    if (row.step()) found->second = {row.text(0), row.text(1)};
  }
  return found->second;
}

void SurveillanceQueries::for_each_item(Time from, Time to, const std::function<void(const Item&)>& visit) {
  auto rows = select(R"(
SELECT item.outcome, item."values", item.flags, item.device, item.finished_at, job.model_name,
  (julianday(item.finished_at) - julianday(item.queued_at)) * 86400, item.decode_ms, item.infer_ms,
  (SELECT min(series.id) FROM series
   WHERE series.job_id = item.job_id AND series.study_uid = item.study_uid AND series.series_uid = item.series_uid)
FROM item JOIN job ON job.id = item.job_id
WHERE item.source <> 'superseded' AND item.finished_at >= ?2 AND item.finished_at < ?3
AND (?1 = '' OR job.model_name = ?1))",
                     from, to);
  while (rows.step()) {
    Item item{rows.text(0), rows.text(1), rows.text(2), rows.text(3),    rows.text(4), rows.text(5),
              rows.real(6), rows.real(7), rows.real(8), rows.integer(9), nullptr};
    item.origin = &origin_of(item.series);
    visit(item);
  }
}

std::vector<SurveillanceQueries::Model> SurveillanceQueries::models(Time from, Time to) {
  auto rows = select(R"(
SELECT job.model_name, job.model_version, job.model_digest, coalesce(model.manifest_json, ''), count(*)
FROM item JOIN job ON job.id = item.job_id LEFT JOIN model ON model.digest = job.model_digest
WHERE item.source <> 'superseded' AND item.finished_at >= ?2 AND item.finished_at < ?3
AND (?1 = '' OR job.model_name = ?1) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3)",
                     from, to);
  std::vector<Model> models;
  while (rows.step()) models.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.integer(4)});
  return models;
}

SurveillanceQueries::AuditHead SurveillanceQueries::audit_head() {
  auto row = database_.prepare("SELECT size, root FROM audit_head ORDER BY size DESC LIMIT 1");
  if (!row.step()) return {};
  return {row.integer(0), row.text(1)};
}

}  // namespace aidp
