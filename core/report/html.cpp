// SPDX-License-Identifier: Apache-2.0
// The report for people: one HTML file, no script, nothing fetched.
#include <algorithm>
#include <functional>
#include <set>

#include "core/base/text.hpp"
#include "core/report/style.hpp"
#include "core/report/surveillance.hpp"
#include "core/report/svg.hpp"

namespace aidp {

namespace {
using Rows = std::vector<std::vector<std::string>>;

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

// The first row is the heading; columns from the second on are numbers.
std::string table(const Rows& rows, bool numbers = true) {
  std::string html = "<div class=\"scroll\" tabindex=\"0\"><table>";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += "<tr>";
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const std::string tag = r == 0 ? "th" : "td";
      html += "<" + tag + (numbers && c > 0 ? " class=\"n\"" : "") + (r == 0 ? " scope=\"col\"" : "") + ">" + html_escape(rows[r][c]) +
              "</" + tag + ">";
    }
    html += "</tr>";
  }
  return html + "</table></div>";
}

std::string head(const std::string& title, const std::string& subtitle) {
  return "<section><h2>" + html_escape(title) + "</h2><p class=\"sub\">" + html_escape(subtitle) + "</p>";
}

std::string section(const std::string& title, const std::string& subtitle, const std::string& chart, const Rows& data) {
  return head(title, subtitle) + chart + "<details><summary>Figures of this chart</summary>" + table(data) + "</details></section>";
}

std::string card(const std::string& name, const std::string& value, const std::string& more) {
  return "<div class=\"card\"><span class=\"name\">" + html_escape(name) + "</span><b>" + html_escape(value) + "</b><span>" +
         html_escape(more) + "</span></div>";
}

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

std::string cards(const SurveillanceReport& r) {
  return "<div class=\"cards\">" + card("Studies seen", std::to_string(r.now.studies), change(r.now.studies, r.previous.studies)) +
         card("Series seen", std::to_string(r.now.series), change(r.now.series, r.previous.series)) +
         card("Coverage", percent(r.now.coverage), change(r.now.coverage, r.previous.coverage)) +
         card("Flagged", percent(r.now.flagged), change(r.now.flagged, r.previous.flagged)) +
         card("Median turnaround", seconds(r.now.turnaround_s.p50), "before: " + seconds(r.previous.turnaround_s.p50)) + "</div>";
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

std::string outcomes(const SurveillanceReport& r) {
  const auto bars = bars_of(r.now.outcomes, r.previous.outcomes);
  return section(r.now.coverage ? percent(r.now.coverage) + " of the eligible series were completed" : "No eligible series",
                 "Series by outcome. Coverage, completed of those that the model's rules let in: " + interval(r.now.coverage) + ".",
                 bars.empty() ? "<p>No series in either period.</p>" : bar_chart(bars, "Series by outcome"), rows_of(bars, "Outcome"));
}

std::string reasons(const SurveillanceReport& r) {
  const auto bars = bars_of(r.now.reasons, r.previous.reasons);
  return section("Why series or files were not used",
                 "Series and files by outcome and reason; " + std::to_string(r.now.files_outside) +
                     " files belong to no series. Each reason's meaning: man 7 aidp.",
                 bars.empty() ? "<p>Every series was completed.</p>" : bar_chart(bars, "Series and files by reason"),
                 rows_of(bars, "Outcome and reason"));
}

std::string weeks(const SurveillanceReport& r) {
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
  return section("Flag rate by week: " + percent(r.now.flagged) + " over the period",
                 "Share of completed items that the model flagged, with Wilson's 95 % interval, by ISO week (its Monday). Hollow: part "
                 "of a week or fewer than " +
                     std::to_string(few_items) + " items. All: " + interval(r.now.flagged) + ".",
                 share_chart(points, "Flag rate by week with 95 % intervals"), rows);
}

std::string timings(const SurveillanceReport& r) {
  const auto row = [](const char* name, const Timing& now, const Timing& before, auto words) {
    return std::vector<std::string>{name, words(now.p50), words(now.p90), words(now.p99), words(before.p50)};
  };
  const auto s = [](const auto& value) { return seconds(value); };
  const auto ms = [](const auto& value) { return milliseconds(value); };
  std::string devices;
  for (const auto& [device, items] : r.now.devices) devices += (devices.empty() ? "" : ", ") + device + " (" + std::to_string(items) + ")";
  return head("Half of the items took " + seconds(r.now.turnaround_s.p50) + " or less",
              "Turnaround: from the moment an item was queued to its recorded result, over " + std::to_string(r.now.turnaround_s.n) +
                  " items" + few(r.now.turnaround_s.n) +
                  ". Decoding and inference: of completed items. Devices: " + (devices.empty() ? "none" : devices) + ".") +
         table({{"Time", "Median", "9 of 10", "99 of 100", "Median before"},
                row("Turnaround", r.now.turnaround_s, r.previous.turnaround_s, s),
                row("Decoding", r.now.decode_ms, r.previous.decode_ms, ms),
                row("Inference", r.now.infer_ms, r.previous.infer_ms, ms)}) +
         "</section>";
}

std::string spreads_of(const std::string& output, const char* what, const std::vector<ScoreGroup>& groups) {
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
  return section(output + " by " + what,
                 "Hills: histogram. Box: middle half of the items with their median; line: 5th to 95th percentile. Circle: median of the "
                 "period before. Groups below " +
                     std::to_string(least_items) + " items are only counted.",
                 spread_chart(spreads, least, most, output + " by " + what), rows);
}

std::string scores(const SurveillanceReport& r) {
  std::set<std::string> outputs;
  for (const auto& group : r.by_site) outputs.insert(group.output);
  std::string html;
  for (const auto& output : outputs) html += spreads_of(output, "site", r.by_site) + spreads_of(output, "scanner", r.by_scanner);
  if (outputs.empty()) html = head("Scores", "No completed item gave a score in this period or the one before.") + "</section>";
  return html;
}

std::string models(const SurveillanceReport& r) {
  Rows rows{{"Model", "Version", "Status", "Items", "Digest"}};
  for (const auto& m : r.models) rows.push_back({m.name, m.version, m.regulatory_status, std::to_string(m.items), m.digest.substr(0, 16)});
  return head("Models in use", "Which versions gave the results of this period.") +
         (r.models.empty() ? "<p>None.</p>" : table(rows, false)) + "</section>";
}

std::string audit(const SurveillanceReport& r) {
  return head("Audit log: " + std::to_string(r.audit_size) + " leaves",
              "Keep this report elsewhere: with this head of the log, a later check proves that nothing recorded before it was changed.") +
         "<p><code>aidp audit verify --head " + std::to_string(r.audit_size) + ":" + html_escape(r.audit_root) + "</code></p></section>";
}

bool research_only(const SurveillanceReport& r) {
  return std::ranges::any_of(r.models, [](const auto& m) { return m.regulatory_status == "research-use-only"; });
}

std::string period_text(Time from, Time to) { return date_text(from) + " to " + date_text(Time(to - std::chrono::milliseconds(1))); }
}  // namespace

std::string to_html(const SurveillanceReport& r) {
  const auto period = period_text(r.from, r.to);
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
      "<title>AI surveillance report, " +
      period + "</title><style>" + report_style + "</style></head><body><main>";
  html += "<header><h1>AI surveillance report</h1><p class=\"sub\">" +
          html_escape(period + (r.model_filter.empty() ? ", all models" : ", " + printable(r.model_filter))) + "; compared with " +
          period_text(r.previous_from, r.from) + ". Made " + date_text(r.generated) + " " + to_text(r.generated).substr(11, 5) +
          " UTC.</p></header>";
  if (research_only(r))
    html += "<p class=\"note\"><strong>Research use only.</strong> A model of this report is not approved for clinical decisions.</p>";
  if (r.series == 0) html += "<p class=\"note\"><strong>Nothing was seen in this period.</strong> No series or file was recorded.</p>";
  html += cards(r);
  html += "<p class=\"key sub\"><span><i class=\"k1\"></i>this period</span><span><i class=\"k2\"></i>the period before</span></p>";
  html += "<div class=\"columns\">" + outcomes(r) + reasons(r) + weeks(r) + timings(r) + scores(r) + models(r) + audit(r) + "</div>";
  html +=
      "<footer>Aggregates only: no patient, study or file is named. Intervals: Wilson's for shares, Newcombe's for their differences, 95 "
      "%.</footer>";
  return html + "</main></body></html>\n";
}

}  // namespace aidp
