// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <set>

#include "core/base/text.hpp"
#include "core/report/charts.hpp"
#include "core/report/page.hpp"
#include "core/report/surveillance/writers.hpp"

namespace aidp {

namespace {
std::string percent(double share) { return fixed(100 * share, 1) + " %"; }
std::string percent(const std::optional<Proportion>& p) { return p ? percent(p->value) : "no data"; }
std::string few(std::int64_t n) { return n < few_items ? " (too few to rely on)" : ""; }
std::string interval(const std::optional<Proportion>& p) {
  if (!p) return "nothing to count";
  return std::to_string(p->count) + " of " + std::to_string(p->total) + ", 95 % interval " + percent(p->low) + " to " + percent(p->high) +
         few(p->total);
}

std::string seconds(const std::optional<double>& s) {
  if (!s) return "no data";
  if (*s < 1) return fixed(1000 * *s, 0) + " ms";
  if (*s < 90) return fixed(*s, *s < 10 ? 1 : 0) + " s";
  return *s < 5400 ? fixed(*s / 60, 1) + " min" : fixed(*s / 3600, 1) + " h";
}

std::string milliseconds(const std::optional<double>& ms) { return ms ? seconds(*ms / 1000) : "no data"; }
std::string figure(const std::optional<double>& value) { return value ? fixed(*value, 3) : "too few"; }

std::string signed_text(double value, int decimals) { return (value >= 0 ? "+" : "−") + fixed(std::abs(value), decimals); }

std::string change(std::int64_t now, std::int64_t before) {
  if (before == 0) return "none in the period before";
  return signed_text(100.0 * static_cast<double>(now - before) / static_cast<double>(before), 0) + " % from " + std::to_string(before);
}

std::string change(const std::optional<Proportion>& now, const std::optional<Proportion>& before) {
  const auto d = newcombe(now, before);
  if (!d) return before ? "before: " + percent(before) : "no data in the period before";
  return signed_text(100 * d->value, 1) + " points (" + signed_text(100 * d->low, 1) + " to " + signed_text(100 * d->high, 1) + ") from " +
         percent(before);
}

Markup cards(const SurveillanceReport& r) {
  return element("div", {{"class", "cards"}},
                 card("Studies seen", std::to_string(r.now.studies), change(r.now.studies, r.previous.studies)) +
                     card("Series seen", std::to_string(r.now.series), change(r.now.series, r.previous.series)) +
                     card("Coverage", percent(r.now.coverage), change(r.now.coverage, r.previous.coverage)) +
                     card("Flagged", percent(r.now.flagged), change(r.now.flagged, r.previous.flagged)) +
                     card("Median turnaround", seconds(r.now.turnaround_s.p50), "before: " + seconds(r.previous.turnaround_s.p50)));
}

std::vector<Bar> bars_of(const std::map<std::string, std::int64_t>& now, const std::map<std::string, std::int64_t>& previous) {
  std::map<std::string, Bar> bars;
  for (const auto& [name, count] : now) bars[name] = {name, static_cast<double>(count), 0};
  for (const auto& [name, count] : previous) {
    bars[name].name = name;
    bars[name].before = static_cast<double>(count);
  }
  std::vector<Bar> sorted;
  for (const auto& [name, bar] : bars) sorted.push_back(bar);
  std::ranges::stable_sort(sorted, std::greater<>(), &Bar::value);
  return sorted;
}

Rows rows_of(const std::vector<Bar>& bars, const char* what) {
  Rows rows{{what, "This period", "Before"}};
  for (const auto& bar : bars) rows.push_back({bar.name, fixed(bar.value, 0), fixed(bar.before, 0)});
  return rows;
}

Markup outcomes(const SurveillanceReport& r) {
  const auto bars = bars_of(r.now.outcomes, r.previous.outcomes);
  return chart_section(r.now.coverage ? percent(r.now.coverage) + " of the eligible series were completed" : "No eligible series",
                       "Series by outcome. Coverage, completed of those that the model's rules let in: " + interval(r.now.coverage) + ".",
                       bars.empty() ? element("p", {}, "No series in either period.") : bar_chart(bars, "Series by outcome"),
                       rows_of(bars, "Outcome"));
}

Markup reasons(const SurveillanceReport& r) {
  const auto bars = bars_of(r.now.reasons, r.previous.reasons);
  return chart_section("Why series or files were not used",
                       "Series and files by outcome and reason; " + std::to_string(r.now.files_outside) +
                           " files belong to no series. For the meaning of each reason see man 7 aidp-reasons.",
                       bars.empty() ? element("p", {}, "Every series was completed.") : bar_chart(bars, "Series and files by reason"),
                       rows_of(bars, "Outcome and reason"));
}

Markup weeks(const SurveillanceReport& r) {
  std::vector<Point> points;
  Rows rows{{"Week of", "Flagged", "Of", "Rate", "95 % interval", "Remark"}};
  for (const auto& week : r.weeks) {
    const auto name = date_text(week.week).substr(5);
    const auto& p = week.flagged;
    const std::string remark = !p ? "no data" : p->total < few_items ? "too few to rely on" : week.partial ? "part of a week" : "";
    if (p)
      points.push_back({name, p->value, p->low, p->high, !remark.empty()});
    else
      points.push_back({name, {}, {}, {}, true});
    rows.push_back({date_text(week.week), p ? std::to_string(p->count) : "0", p ? std::to_string(p->total) : "0", percent(p),
                    p ? percent(p->low) + " to " + percent(p->high) : "", remark});
  }
  return chart_section(
      "Flag rate by week: " + percent(r.now.flagged) + " over the period",
      "Share of completed items that the model flagged, with Wilson's 95 % interval, by ISO week (its Monday). Hollow: part "
      "of a week or fewer than " +
          std::to_string(few_items) + " items. All: " + interval(r.now.flagged) + ".",
      share_chart(points, "Flag rate by week with 95 % intervals"), rows);
}

Markup timings(const SurveillanceReport& r) {
  const auto row = [](const char* name, const Timing& now, const Timing& before, auto words) {
    return std::vector<std::string>{name, words(now.p50), words(now.p90), words(now.p99), words(before.p50)};
  };
  const auto s = [](const auto& value) { return seconds(value); };
  const auto ms = [](const auto& value) { return milliseconds(value); };
  std::string devices;
  for (const auto& [device, items] : r.now.devices) devices += (devices.empty() ? "" : ", ") + device + " (" + std::to_string(items) + ")";
  return section("Half of the items took " + seconds(r.now.turnaround_s.p50) + " or less",
                 "Turnaround: from the moment an item was queued to its recorded result, over " + std::to_string(r.now.turnaround_s.n) +
                     " items" + few(r.now.turnaround_s.n) +
                     ". Decoding and inference: of completed items. Devices: " + (devices.empty() ? "none" : devices) + ".",
                 table({{"Time", "Median", "90th percentile", "99th percentile", "Median before"},
                        row("Turnaround", r.now.turnaround_s, r.previous.turnaround_s, s),
                        row("Decoding", r.now.decode_ms, r.previous.decode_ms, ms),
                        row("Inference", r.now.infer_ms, r.previous.infer_ms, ms)}));
}

Markup spreads_of(const std::string& output, const char* what, const std::vector<ScoreGroup>& groups) {
  std::vector<Spread> spreads;
  Rows rows{{what, "Items", "5th", "25th", "Median", "75th", "95th percentile", "Items before", "Median before"}};
  double least = 0, most = 1;
  for (const auto& g : groups) {
    if (g.output != output) continue;
    least = g.edge_low;
    most = g.edge_high;
    spreads.push_back({g.group, "n = " + std::to_string(g.n) + (g.n < few_items ? ", too few" : ""), g.low, g.q1, g.median, g.q3, g.high,
                       g.previous_median, g.histogram});
    rows.push_back({g.group, std::to_string(g.n), figure(g.low), figure(g.q1), figure(g.median), figure(g.q3), figure(g.high),
                    std::to_string(g.previous_n), figure(g.previous_median)});
  }
  return chart_section(
      output + " by " + what,
      "Hills: histogram. Box: middle half of the items with their median; line: 5th to 95th percentile. Circle: median of the "
      "period before. Groups below " +
          std::to_string(least_items) + " items are only counted.",
      spread_chart(spreads, least, most, output + " by " + what), rows);
}

Markup scores(const SurveillanceReport& r) {
  std::set<std::string> outputs;
  for (const auto& group : r.by_site) outputs.insert(group.output);
  if (outputs.empty()) return section("Scores", "No completed item gave a score in this period or the one before.", {});
  Markup all;
  for (const auto& output : outputs) all += spreads_of(output, "site", r.by_site) + spreads_of(output, "scanner", r.by_scanner);
  return all;
}

Markup models(const SurveillanceReport& r) {
  Rows rows{{"Model", "Version", "Status", "Items", "Digest"}};
  for (const auto& m : r.models) rows.push_back({m.name, m.version, m.regulatory_status, std::to_string(m.items), m.digest.substr(0, 16)});
  return section("Models in use", "Which versions gave the results of this period.",
                 r.models.empty() ? element("p", {}, "None.") : table(rows, false));
}

Markup audit(const SurveillanceReport& r) {
  return section("Audit log: " + std::to_string(r.audit_size) + " leaves",
                 "Keep this report elsewhere: with this head of the log, a later check proves that nothing recorded before it was changed.",
                 element("p", {}, element("code", {}, "aidp audit verify --head " + std::to_string(r.audit_size) + ":" + r.audit_root)));
}

bool research_only(const SurveillanceReport& r) {
  return std::ranges::any_of(r.models, [](const auto& m) { return m.regulatory_status == "research-use-only"; });
}

std::string period_text(Time from, Time to) { return date_text(from) + " to " + date_text(Time(to - std::chrono::milliseconds(1))); }
}  // namespace

std::string to_html(const SurveillanceReport& r) {
  const auto period = period_text(r.from, r.to);
  const auto about = period + (r.model_filter.empty() ? ", all models" : ", " + r.model_filter) + "; compared with " +
                     period_text(r.previous_from, r.from) + ". Made " + date_text(r.generated) + " " + to_text(r.generated).substr(11, 5) +
                     " UTC.";
  auto body = element("header", {}, element("h1", {}, "AI surveillance report") + element("p", {{"class", "sub"}}, about));
  if (research_only(r))
    body += element("p", {{"class", "note"}},
                    element("strong", {}, "Research use only.") + " A model in this report is not approved for clinical decisions.");
  if (r.series == 0)
    body +=
        element("p", {{"class", "note"}}, element("strong", {}, "Nothing was seen in this period.") + " No series or file was recorded.");
  body += cards(r);
  body += element("p", {{"class", "key sub"}},
                  element("span", {}, element("i", {{"class", "k1"}}) + "this period") +
                      element("span", {}, element("i", {{"class", "k2"}}) + "the period before"));
  body += element("div", {{"class", "columns"}}, outcomes(r) + reasons(r) + weeks(r) + timings(r) + scores(r) + models(r) + audit(r));
  body += element("footer", {},
                  "Aggregates only: no patient, study or file is named. Intervals: Wilson's for shares, Newcombe's for their differences, "
                  "95 %.");
  return html_page("AI surveillance report, " + period, body);
}

}  // namespace aidp
