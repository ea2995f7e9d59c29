// SPDX-License-Identifier: Apache-2.0
#include "core/report/surveillance.hpp"

#include <algorithm>

namespace aidp {

namespace {
using nlohmann::json;

std::string text_of(const json& attributes, const char* key) {
  if (!attributes.contains(key)) return {};
  return attributes[key].is_string() ? attributes[key].get<std::string>() : attributes[key].dump();
}

std::string or_unknown(std::string text) { return text.empty() ? "(not given)" : text; }

std::string scanner_of(const json& attributes) {
  auto scanner = text_of(attributes, "Manufacturer");
  const auto model = text_of(attributes, "ManufacturerModelName");
  return or_unknown(scanner.empty() ? model : model.empty() ? scanner : scanner + " " + model);
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
    auto rows = select(
        "SELECT item.flags, item.finished_at FROM item JOIN job ON job.id = item.job_id WHERE item.outcome = 'completed' AND "
        "item.finished_at >= ?2"
        " AND item.finished_at < ?3 AND (?1 = '' OR job.model_name = ?1) AND item.flags <> '{}'",
        report.from, report.to);
    while (rows.step()) {
      auto& [flagged, total] = weeks[week_start(parse_time(rows.text(1)))];
      ++total;
      flagged += any_flag(rows.text(0));
    }
    for (const auto& [week, counts] : weeks) report.weeks.push_back({week, wilson(counts.first, counts.second)});
  }

  void scores(SurveillanceReport& report) {
    std::map<std::pair<std::string, std::string>, std::vector<double>> sites, scanners;
    auto rows = select(
        "SELECT item.\"values\", series.attributes, job.site, job.model_name FROM item JOIN job ON job.id = item.job_id JOIN series ON "
        "series.job_id = item.job_id"
        " AND series.study_uid = item.study_uid AND series.series_uid = item.series_uid WHERE item.outcome = 'completed' AND "
        "item.finished_at >= ?2"
        " AND item.finished_at < ?3 AND (?1 = '' OR job.model_name = ?1)",
        report.from, report.to);
    while (rows.step()) {
      const auto attributes = json::parse(rows.text(1), nullptr, false);
      const auto site = or_unknown(rows.text(2).empty() ? text_of(attributes, "InstitutionName") : rows.text(2));
      const auto values = json::parse(rows.text(0), nullptr, false);
      for (const auto& [output, value] : values.items()) {
        if (!value.is_number()) continue;
        const auto name = rows.text(3) + ": " + output;
        sites[{name, site}].push_back(value.get<double>());
        scanners[{name, scanner_of(attributes)}].push_back(value.get<double>());
      }
    }
    report.by_site = groups(sites);
    report.by_scanner = groups(scanners);
  }

  std::vector<ReportedModel> models(Time from, Time to) {
    auto rows = select(
        "SELECT job.model_name, job.model_version, job.model_digest, coalesce(model.manifest, ''), count(*) FROM item JOIN job ON job.id = "
        "item.job_id"
        " LEFT JOIN model ON model.digest = job.model_digest WHERE item.finished_at >= ?2 AND item.finished_at < ?3 AND (?1 = '' OR "
        "job.model_name = ?1)"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2",
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
    const std::string key = "regulatory_status:";
    const auto at = manifest.find(key);
    if (at == std::string::npos) return "unknown";
    const auto begin = manifest.find_first_not_of(" \"'", at + key.size());
    return manifest.substr(begin, manifest.find_first_of(" \"'\r\n#", begin) - begin);
  }

  void count_series(Time from, Time to, PeriodVolume& volume) {
    auto rows = select(
        "SELECT count(DISTINCT CASE WHEN series.series_uid <> '' THEN series.study_uid END), sum(series.series_uid <> ''), "
        "coalesce(sum(series.instances), 0),"
        " sum(series.series_uid = '') FROM series JOIN job ON job.id = series.job_id WHERE series.recorded_at >= ?2 AND series.recorded_at "
        "< ?3"
        " AND (?1 = '' OR job.model_name = ?1)",
        from, to);
    if (rows.step()) {
      volume.studies = rows.integer(0);
      volume.series = rows.integer(1);
      volume.instances = rows.integer(2);
      volume.files_outside = rows.integer(3);
    }
    auto outcomes = select(
        "SELECT series.outcome, series.reason, series.series_uid <> '', count(*) FROM series JOIN job ON job.id = series.job_id WHERE "
        "series.recorded_at >= ?2"
        " AND series.recorded_at < ?3 AND (?1 = '' OR job.model_name = ?1) GROUP BY 1, 2, 3",
        from, to);
    while (outcomes.step()) {
      if (outcomes.integer(2) != 0) volume.outcomes[outcomes.text(0)] += outcomes.integer(3);
      if (!outcomes.text(1).empty()) volume.reasons[outcomes.text(0) + ": " + outcomes.text(1)] += outcomes.integer(3);
    }
    const auto of = [&](const char* outcome) { return volume.outcomes.contains(outcome) ? volume.outcomes.at(outcome) : 0; };
    volume.coverage = wilson(of("completed"), of("completed") + of("quarantined") + of("failed"));
  }

  void count_items(Time from, Time to, PeriodVolume& volume) {
    auto rows = select(
        "SELECT item.outcome, item.flags, (julianday(item.finished_at) - julianday(item.queued_at)) * 86400 FROM item JOIN job ON job.id = "
        "item.job_id"
        " WHERE item.finished_at >= ?2 AND item.finished_at < ?3 AND (?1 = '' OR job.model_name = ?1)",
        from, to);
    std::vector<double> seconds;
    std::int64_t flagged = 0, flaggable = 0;
    while (rows.step()) {
      ++volume.items;
      seconds.push_back(rows.real(2));
      if (rows.text(0) != "completed" || rows.text(1) == "{}") continue;
      ++flaggable;
      flagged += any_flag(rows.text(1));
    }
    std::ranges::sort(seconds);
    volume.turnaround_s_p50 = quantile(seconds, 0.5);
    volume.turnaround_s_p90 = quantile(seconds, 0.9);
    volume.turnaround_s_p99 = quantile(seconds, 0.99);
    volume.flagged = wilson(flagged, flaggable);
  }

  static std::vector<ScoreGroup> groups(std::map<std::pair<std::string, std::string>, std::vector<double>>& values) {
    std::vector<ScoreGroup> groups;
    for (auto& [key, scores] : values) {
      std::ranges::sort(scores);
      groups.push_back({key.first, key.second, static_cast<std::int64_t>(scores.size()), quantile(scores, 0.25), quantile(scores, 0.5),
                        quantile(scores, 0.75), quantile(scores, 0.05), quantile(scores, 0.95)});
    }
    return groups;
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
  maker.scores(report);
  auto head = database.prepare("SELECT size, root FROM audit_head ORDER BY size DESC LIMIT 1");
  if (head.step()) {
    report.audit_size = head.integer(0);
    report.audit_root = head.text(1);
  }
  return report;
}

}  // namespace aidp
