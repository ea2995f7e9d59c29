// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"
#include "core/report/surveillance/writers.hpp"

namespace aidp {

namespace {
std::string text_of(const std::optional<double>& value) { return value ? number(*value) : ""; }

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
  for (const auto& [device, n] : v.devices) csv.add("device", device, "items", std::optional<double>(static_cast<double>(n)), period);
  for (const auto& [metric, timing] : {std::pair("turnaround_s", &v.turnaround_s), {"decode_ms", &v.decode_ms}, {"infer_ms", &v.infer_ms}})
    for (const auto& [name, value] : {std::pair("p50", timing->p50), {"p90", timing->p90}, {"p99", timing->p99}})
      csv.row("time", metric, name, value ? number(*value) : "", "", "", std::to_string(timing->n), period);
}
}  // namespace

std::string to_csv(const SurveillanceReport& report) {
  Csv csv;
  add_volume(csv, report.now, "period");
  add_volume(csv, report.previous, "previous");
  for (const auto& week : report.weeks) csv.add("flag_rate_by_week", date_text(week.week), "rate", week.flagged, "period");
  for (const auto& [section, groups] : {std::pair("scores_by_site", &report.by_site), std::pair("scores_by_scanner", &report.by_scanner)})
    for (const auto& g : *groups) {
      csv.row(section, g.group, g.output + " median", text_of(g.median), text_of(g.q1), text_of(g.q3), std::to_string(g.n), "period");
      csv.row(section, g.group, g.output + " median", text_of(g.previous_median), "", "", std::to_string(g.previous_n), "previous");
    }
  for (const auto& m : report.models) csv.row("model", m.name + "@" + m.version, "items", std::to_string(m.items), "", "", "", "period");
  csv.row("audit", report.audit_root, "leaves", std::to_string(report.audit_size), "", "", "", "period");
  return csv.text;
}

}  // namespace aidp
