// SPDX-License-Identifier: Apache-2.0
// The report for machines: JSON and CSV.
#include "core/base/text.hpp"
#include "core/report/surveillance.hpp"

namespace aidp {

namespace {
using nlohmann::json;

json json_of(const std::optional<double>& value) { return value ? json(*value) : json(); }
json json_of(const std::optional<Proportion>& p) {
  if (!p) return nullptr;  // of nothing
  return {{"count", p->count}, {"total", p->total}, {"value", p->value}, {"low", p->low}, {"high", p->high}, {"interval", "Wilson 95 %"}};
}

json json_of(const PeriodVolume& v) {
  return {
      {"studies", v.studies},
      {"series", v.series},
      {"instances", v.instances},
      {"items", v.items},
      {"files_outside_series", v.files_outside},
      {"outcomes", v.outcomes},
      {"reasons", v.reasons},
      {"coverage", json_of(v.coverage)},
      {"flagged", json_of(v.flagged)},
      {"turnaround_s", {{"p50", json_of(v.turnaround_s_p50)}, {"p90", json_of(v.turnaround_s_p90)}, {"p99", json_of(v.turnaround_s_p99)}}}};
}

json json_of(const std::vector<ScoreGroup>& groups) {
  auto rows = json::array();
  for (const auto& g : groups)
    rows.push_back({{"output", g.output},
                    {"group", g.group},
                    {"n", g.n},
                    {"p05", json_of(g.low)},
                    {"q1", json_of(g.q1)},
                    {"median", json_of(g.median)},
                    {"q3", json_of(g.q3)},
                    {"p95", json_of(g.high)}});
  return rows;
}

// Rows section,key,metric,value,low,high,n,period.
class Csv {
 public:
  std::string text = "section,key,metric,value,low,high,n,period\r\n";
  void add(const std::string& section, const std::string& key, const std::string& metric, const std::optional<double>& value,
           const std::string& period) {
    row(section, key, metric, value ? number(*value) : "", "", "", "", period);
  }
  void add(const std::string& section, const std::string& key, const std::string& metric, const std::optional<Proportion>& p,
           const std::string& period) {
    row(section, key, metric, p ? number(p->value) : "", p ? number(p->low) : "", p ? number(p->high) : "",
        p ? std::to_string(p->total) : "0", period);
  }
  void row(const std::string& section, const std::string& key, const std::string& metric, const std::string& value, const std::string& low,
           const std::string& high, const std::string& n, const std::string& period) {
    text +=
        section + "," + csv_field(key) + "," + csv_field(metric) + "," + value + "," + low + "," + high + "," + n + "," + period + "\r\n";
  }
};

void add_volume(Csv& csv, const PeriodVolume& v, const std::string& period) {
  const auto count = [&](const char* metric, std::int64_t value) {
    csv.add("volume", "", metric, std::optional<double>(static_cast<double>(value)), period);
  };
  count("studies", v.studies);
  count("series", v.series);
  count("instances", v.instances);
  count("items", v.items);
  count("files_outside_series", v.files_outside);
  for (const auto& [outcome, n] : v.outcomes) csv.add("outcome", outcome, "series", std::optional<double>(static_cast<double>(n)), period);
  for (const auto& [reason, n] : v.reasons) csv.add("reason", reason, "series", std::optional<double>(static_cast<double>(n)), period);
  csv.add("coverage", "", "completed", v.coverage, period);
  csv.add("flagged", "", "rate", v.flagged, period);
  csv.add("turnaround", "", "p50_s", v.turnaround_s_p50, period);
  csv.add("turnaround", "", "p90_s", v.turnaround_s_p90, period);
  csv.add("turnaround", "", "p99_s", v.turnaround_s_p99, period);
}
}  // namespace

nlohmann::json to_json(const SurveillanceReport& report) {
  json weeks = json::array(), models = json::array();
  for (const auto& week : report.weeks) weeks.push_back({{"week", date_text(week.week)}, {"flagged", json_of(week.flagged)}});
  for (const auto& m : report.models)
    models.push_back(
        {{"name", m.name}, {"version", m.version}, {"digest", m.digest}, {"regulatory_status", m.regulatory_status}, {"items", m.items}});
  return {{"schema", "aidp.surveillance/1"},
          {"from", to_text(report.from)},
          {"to", to_text(report.to)},
          {"previous_from", to_text(report.previous_from)},
          {"generated", to_text(report.generated)},
          {"model_filter", report.model_filter},
          {"period", json_of(report.now)},
          {"previous", json_of(report.previous)},
          {"models", models},
          {"flag_rate_by_week", weeks},
          {"scores_by_site", json_of(report.by_site)},
          {"scores_by_scanner", json_of(report.by_scanner)},
          {"audit", {{"size", report.audit_size}, {"root", report.audit_root}}}};
}

std::string to_csv(const SurveillanceReport& report) {
  Csv csv;
  add_volume(csv, report.now, "period");
  add_volume(csv, report.previous, "previous");
  for (const auto& week : report.weeks) csv.add("flag_rate_by_week", date_text(week.week), "rate", week.flagged, "period");
  for (const auto& [section, groups] : {std::pair("scores_by_site", &report.by_site), std::pair("scores_by_scanner", &report.by_scanner)})
    for (const auto& g : *groups)
      csv.row(section, g.group, g.output + " median", number(g.median.value_or(0)), number(g.q1.value_or(0)), number(g.q3.value_or(0)),
              std::to_string(g.n), "period");
  return csv.text;
}

}  // namespace aidp
