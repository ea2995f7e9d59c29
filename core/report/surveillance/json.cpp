// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"
#include "core/report/surveillance/writers.hpp"

namespace aidp {

namespace {
using nlohmann::json;

json json_of(const std::optional<double>& value) { return value ? json(*value) : json(); }
json json_of(const std::optional<Proportion>& p) {
  if (!p) return {{"count", 0}, {"total", 0}, {"value", nullptr}, {"low", nullptr}, {"high", nullptr}, {"reason", "nothing to count"}};
  return {{"count", p->count}, {"total", p->total}, {"value", p->value}, {"low", p->low}, {"high", p->high}, {"interval", "Wilson 95 %"}};
}

json json_of(const Timing& t) {
  json timing{{"n", t.n}, {"p50", json_of(t.p50)}, {"p90", json_of(t.p90)}, {"p99", json_of(t.p99)}};
  if (t.n == 0) timing["reason"] = "nothing to time";
  return timing;
}

// Whether too little is known, in words; empty: enough.
std::string caution(std::int64_t n) {
  if (n < least_items) return "fewer than " + std::to_string(least_items) + " items: no quantiles";
  return n < few_items ? "fewer than " + std::to_string(few_items) + " items: too few to rely on" : "";
}

json json_of(const PeriodVolume& v) {
  return {{"studies", v.studies},
          {"series", v.series},
          {"instances", v.instances},
          {"items", v.items},
          {"files_outside_series", v.files_outside},
          {"outcomes", v.outcomes},
          {"reasons", v.reasons},
          {"coverage", json_of(v.coverage)},
          {"flagged", json_of(v.flagged)},
          {"devices", v.devices},
          {"turnaround_s", json_of(v.turnaround_s)},
          {"decode_ms", json_of(v.decode_ms)},
          {"infer_ms", json_of(v.infer_ms)}};
}

json json_of(const std::vector<ScoreGroup>& groups) {
  auto rows = json::array();
  for (const auto& g : groups) {
    json row{{"output", g.output}, {"group", g.group}, {"n", g.n}, {"p05", json_of(g.low)}, {"q1", json_of(g.q1)}};
    row.update({{"median", json_of(g.median)}, {"q3", json_of(g.q3)}, {"p95", json_of(g.high)}, {"previous_n", g.previous_n}});
    row.update({{"previous_median", json_of(g.previous_median)}});
    row["histogram"] = {{"low", g.edge_low}, {"high", g.edge_high}, {"counts", g.histogram}};
    if (const auto words = caution(g.n); !words.empty()) row["reason"] = words;
    if (g.previous_n < least_items) row["previous_reason"] = caution(g.previous_n);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

nlohmann::json to_json(const SurveillanceReport& report) {
  json weeks = json::array(), models = json::array();
  for (const auto& week : report.weeks)
    weeks.push_back({{"week", date_text(week.week)}, {"partial", week.partial}, {"flagged", json_of(week.flagged)}});
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

}  // namespace aidp
