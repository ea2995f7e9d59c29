// SPDX-License-Identifier: Apache-2.0
#include "core/report/surveillance.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/report/scores.hpp"

namespace aidp {

namespace {
using nlohmann::json;

Timing timing_of(std::vector<double>& values) {
  std::ranges::sort(values);
  return {static_cast<std::int64_t>(values.size()), quantile(values, 0.5), quantile(values, 0.9), quantile(values, 0.99)};
}

class Maker {
 public:
  Maker(Database& database, const std::optional<std::string>& model) : database_(database), model_(model.value_or("")) {}

  PeriodVolume volume(Time from, Time to) {
    PeriodVolume volume;
    count_series(from, to, volume);
    count_items(from, to, volume);
    return volume;
  }

  void weeks(SurveillanceReport& report) {
    std::map<Time, std::pair<std::int64_t, std::int64_t>> weeks;
    for (auto week = week_start(report.from); week < report.to; week += std::chrono::days(7)) weeks[week] = {};
    auto rows = select(R"(
SELECT item.flags, item.finished_at FROM item JOIN job ON job.id = item.job_id
WHERE item.outcome = 'completed' AND item.source <> 'superseded' AND item.finished_at >= ?2 AND item.finished_at < ?3
AND (?1 = '' OR job.model_name = ?1)
AND item.flags <> '{}')",
                       report.from, report.to);
    while (rows.step()) {
      auto& [flagged, total] = weeks[week_start(parse_time(rows.text(1)))];
      ++total;
      flagged += any_flag(rows.text(0));
    }
    for (const auto& [week, counts] : weeks)
      report.weeks.push_back({week, week < report.from || week + std::chrono::days(7) > report.to, wilson(counts.first, counts.second)});
  }

  std::vector<ReportedModel> models(Time from, Time to) {
    auto rows = select(R"(
SELECT job.model_name, job.model_version, job.model_digest, coalesce(model.manifest, ''), count(*)
FROM item JOIN job ON job.id = item.job_id LEFT JOIN model ON model.digest = job.model_digest
WHERE item.source <> 'superseded' AND item.finished_at >= ?2 AND item.finished_at < ?3
AND (?1 = '' OR job.model_name = ?1) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3)",
                       from, to);
    std::vector<ReportedModel> models;
    while (rows.step()) models.push_back({rows.text(0), rows.text(1), rows.text(2), status_in(rows.text(3)), rows.integer(4)});
    return models;
  }

 private:
  Statement select(const char* sql, Time from, Time to) {
    auto rows = database_.prepare(sql);
    rows.bind(1, model_).bind(2, to_text(from)).bind(3, to_text(to));
    return rows;
  }

  static bool any_flag(const std::string& flags) {
    const auto parsed = json::parse(flags, nullptr, false);
    return parsed.is_object() &&
           std::ranges::any_of(parsed, [](const auto& flag) { return flag.is_boolean() && flag.template get<bool>(); });
  }

  // The one line of a stored manifest that a report needs; it was checked when it was installed.
  static std::string status_in(const std::string& manifest) {
    for (const auto& line : split(manifest, '\n')) {
      constexpr std::string_view key = "regulatory_status:";
      if (!line.starts_with(key)) continue;
      const auto value = trim(std::string_view(line).substr(key.size()));
      const auto begin = value.find_first_not_of("\"'");
      if (begin != std::string_view::npos) return printable(value.substr(begin, value.find_first_of(" \"'#", begin) - begin));
    }
    return "unknown";
  }

  void count_series(Time from, Time to, PeriodVolume& volume) {
    auto rows = select(R"(
SELECT count(DISTINCT CASE WHEN series.series_uid <> '' THEN series.study_uid END), coalesce(sum(series.series_uid <> ''), 0),
  coalesce(sum(series.instances), 0), coalesce(sum(series.series_uid = ''), 0)
FROM series JOIN job ON job.id = series.job_id
WHERE series.source <> 'superseded' AND series.recorded_at >= ?2 AND series.recorded_at < ?3
AND (?1 = '' OR job.model_name = ?1))",
                       from, to);
    if (rows.step()) {
      volume.studies = rows.integer(0);
      volume.series = rows.integer(1);
      volume.instances = rows.integer(2);
      volume.files_outside = rows.integer(3);
    }
    auto outcomes = select(R"(
SELECT series.outcome, series.reason, series.series_uid <> '', count(*) FROM series JOIN job ON job.id = series.job_id
WHERE series.source <> 'superseded' AND series.recorded_at >= ?2 AND series.recorded_at < ?3
AND (?1 = '' OR job.model_name = ?1) GROUP BY 1, 2, 3)",
                           from, to);
    while (outcomes.step()) {
      if (outcomes.integer(2) != 0) volume.outcomes[outcomes.text(0)] += outcomes.integer(3);
      if (!outcomes.text(1).empty()) volume.reasons[outcomes.text(0) + ": " + outcomes.text(1)] += outcomes.integer(3);
    }
    const auto of = [&](const char* outcome) { return volume.outcomes.contains(outcome) ? volume.outcomes.at(outcome) : 0; };
    volume.coverage = wilson(of("completed"), of("completed") + of("quarantined") + of("failed"));
  }

  void count_items(Time from, Time to, PeriodVolume& volume) {
    auto rows = select(R"(
SELECT item.outcome, item.flags, (julianday(item.finished_at) - julianday(item.queued_at)) * 86400, item.device, item.decode_ms,
  item.infer_ms
FROM item JOIN job ON job.id = item.job_id
WHERE item.source <> 'superseded' AND item.finished_at >= ?2 AND item.finished_at < ?3
AND (?1 = '' OR job.model_name = ?1))",
                       from, to);
    std::vector<double> seconds, decode, infer;
    std::int64_t flagged = 0, flaggable = 0;
    while (rows.step()) {
      ++volume.items;
      seconds.push_back(rows.real(2));
      if (rows.text(0) != "completed") continue;
      ++volume.devices[printable(rows.text(3))];
      decode.push_back(rows.real(4));
      infer.push_back(rows.real(5));
      if (rows.text(1) == "{}") continue;
      ++flaggable;
      flagged += any_flag(rows.text(1));
    }
    volume.turnaround_s = timing_of(seconds);
    volume.decode_ms = timing_of(decode);
    volume.infer_ms = timing_of(infer);
    volume.flagged = wilson(flagged, flaggable);
  }

  Database& database_;
  std::string model_;
};
}  // namespace

SurveillanceReport make_surveillance(Database& database, Time from, Time to, const std::optional<std::string>& model, Time generated_at) {
  Maker maker(database, model);
  SurveillanceReport report;
  report.from = from;
  report.to = to;
  report.previous_from = from - (to - from);
  report.generated = generated_at;
  report.model_filter = model.value_or("");
  report.now = maker.volume(from, to);
  report.previous = maker.volume(report.previous_from, from);
  report.series = report.now.series + report.now.files_outside;
  report.models = maker.models(from, to);
  maker.weeks(report);
  add_scores(database, report.model_filter, report);
  auto head = database.prepare("SELECT size, root FROM audit_head ORDER BY size DESC LIMIT 1");
  if (head.step()) {
    report.audit_size = head.integer(0);
    report.audit_root = head.text(1);
  }
  return report;
}

}  // namespace aidp
