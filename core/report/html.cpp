// SPDX-License-Identifier: Apache-2.0
// The report for people: one HTML file, no script, nothing fetched.
#include <algorithm>
#include <functional>
#include <set>

#include "core/base/text.hpp"
#include "core/report/surveillance.hpp"
#include "core/report/svg.hpp"

namespace aidp {

namespace {
constexpr std::int64_t few = 20;  // below this a share is not worth reading much into

constexpr const char* style = R"css(
:root{--ink:#1b2733;--soft:#5a6b7b;--paper:#fff;--back:#f3f6f9;--line:#d7dfe7;--now:#1f6f9f;--before:#a9bccb;--warn:#8a4b00;--warnback:#fff4e0}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 20px 48px}h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px}h2{font-size:1.15rem;margin:0 0 2px}p{margin:4px 0}
.sub{color:var(--soft)}.note{background:var(--warnback);color:var(--warn);border-left:4px solid var(--warn);padding:8px 12px;margin:16px 0;border-radius:4px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin:20px 0}.card,section{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.card b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}.card span{color:var(--soft);font-size:.85rem;display:block}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:16px}section{min-width:0}
svg{width:100%;height:auto;display:block;margin:10px 0}svg text{font-size:13px;fill:var(--ink)}svg .small{font-size:12px;fill:var(--soft)}svg .figure{font-weight:600}
.now{fill:var(--now)}.before{fill:var(--before)}.axis{stroke:var(--soft)}line.grid{stroke:var(--line)}.whisker{stroke:var(--now);stroke-width:2}
.box{fill:#cfe2ee;stroke:var(--now)}.median{stroke:var(--ink);stroke-width:3}.trend{fill:none;stroke:var(--now);stroke-width:1.5;stroke-dasharray:4 4}
details{margin-top:6px}summary{cursor:pointer;color:var(--now)}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{overflow-wrap:anywhere;font-size:.85rem}.key i{display:inline-block;width:12px;height:12px;border-radius:2px;margin:0 5px 0 12px;vertical-align:-1px}
@media print{body{background:#fff}section,.card{break-inside:avoid}})css";

using Rows = std::vector<std::vector<std::string>>;

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }
std::string percent(const std::optional<Proportion>& p) { return p ? percent(p->value) : "no data"; }
std::string interval(const std::optional<Proportion>& p) {
  if (!p) return "nothing to count";
  return percent(p->low) + " to " + percent(p->high) + " (95 %), n = " + std::to_string(p->total) +
         (p->total < few ? ": too few to rely on" : "");
}

std::string seconds(const std::optional<double>& s) {
  if (!s) return "no data";
  if (*s < 90) return fixed(*s, *s < 10 ? 1 : 0) + " s";
  return *s < 5400 ? fixed(*s / 60, 1) + " min" : fixed(*s / 3600, 1) + " h";
}

// The first row is the heading; columns from the second on are numbers.
std::string table(const Rows& rows, bool numbers = true) {
  std::string html = "<div class=\"scroll\"><table>";
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

std::string section(const std::string& title, const std::string& subtitle, const std::string& chart, const Rows& data) {
  return "<section><h2>" + html_escape(title) + "</h2><p class=\"sub\">" + html_escape(subtitle) + "</p>" + chart +
         "<details><summary>Figures</summary>" + table(data) + "</details></section>";
}

std::string card(const std::string& name, const std::string& value, const std::string& more) {
  return "<div class=\"card\"><span>" + html_escape(name) + "</span><b>" + html_escape(value) + "</b><span>" + html_escape(more) +
         "</span></div>";
}

std::string before(std::int64_t count) { return std::to_string(count) + " in the period before"; }

std::string cards(const SurveillanceReport& r) {
  return "<div class=\"cards\">" + card("Studies seen", std::to_string(r.now.studies), before(r.previous.studies)) +
         card("Series seen", std::to_string(r.now.series), before(r.previous.series)) +
         card("Coverage", percent(r.now.coverage), "before: " + percent(r.previous.coverage)) +
         card("Flagged", percent(r.now.flagged), "before: " + percent(r.previous.flagged)) +
         card("Median turnaround", seconds(r.now.turnaround_s_p50), "before: " + seconds(r.previous.turnaround_s_p50)) + "</div>";
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
  return section("How the series ended",
                 "Coverage " + percent(r.now.coverage) + ", " + interval(r.now.coverage) +
                     ". Coverage: completed of those that the model's rules let in.",
                 bar_chart(bars, "Series by outcome, this period and the one before"), rows_of(bars, "Outcome"));
}

std::string reasons(const SurveillanceReport& r) {
  const auto bars = bars_of(r.now.reasons, r.previous.reasons);
  return section("Why series or files were not used",
                 std::to_string(r.now.files_outside) + " files belong to no series. Each reason's meaning: man 7 aidp.",
                 bars.empty() ? "<p>Every series was completed.</p>" : bar_chart(bars, "Series and files by reason"),
                 rows_of(bars, "Outcome and reason"));
}

std::string weeks(const SurveillanceReport& r) {
  std::vector<Point> points;
  Rows rows{{"Week of", "Flagged", "Of", "Rate", "95 % interval"}};
  for (const auto& week : r.weeks) {
    const auto name = date_text(week.week).substr(5);
    const auto& p = week.flagged;
    points.push_back(p ? Point{name, p->value, p->low, p->high} : Point{name, {}, {}, {}});
    rows.push_back({date_text(week.week), p ? std::to_string(p->count) : "0", p ? std::to_string(p->total) : "0", percent(p),
                    p ? percent(p->low) + " to " + percent(p->high) : ""});
  }
  return section("Flag rate by week",
                 "Share of completed items that the model flagged, with Wilson's 95 % interval; all: " + percent(r.now.flagged) + ", " +
                     interval(r.now.flagged),
                 share_chart(points, "Flag rate by week with 95 % intervals"), rows);
}

std::string turnaround(const SurveillanceReport& r) {
  return "<section><h2>Turnaround</h2><p class=\"sub\">From the moment an item was queued to its recorded result; quantiles over " +
         std::to_string(r.now.items) + " items.</p>" +
         table({{"Quantile", "This period", "Before"},
                {"half of the items", seconds(r.now.turnaround_s_p50), seconds(r.previous.turnaround_s_p50)},
                {"9 of 10", seconds(r.now.turnaround_s_p90), seconds(r.previous.turnaround_s_p90)},
                {"99 of 100", seconds(r.now.turnaround_s_p99), seconds(r.previous.turnaround_s_p99)}}) +
         "</section>";
}

std::string spreads(const char* title, const std::vector<ScoreGroup>& groups, const char* what) {
  std::set<std::string> outputs;
  for (const auto& group : groups) outputs.insert(group.output);
  std::string html;
  for (const auto& output : outputs) {
    std::vector<Spread> boxes;
    Rows rows{{what, "Items", "5th", "Quartile", "Median", "Quartile", "95th"}};
    for (const auto& g : groups) {
      if (g.output != output) continue;
      boxes.push_back({g.group + " (" + std::to_string(g.n) + ")", *g.low, *g.q1, *g.median, *g.q3, *g.high});
      rows.push_back(
          {g.group, std::to_string(g.n), fixed(*g.low, 3), fixed(*g.q1, 3), fixed(*g.median, 3), fixed(*g.q3, 3), fixed(*g.high, 3)});
    }
    html += section(output + " by " + title,
                    "Box: middle half with the median; line: 5th to 95th percentile. The number of items is in brackets.",
                    spread_chart(boxes, output + " by " + title), rows);
  }
  return html;
}

std::string models(const SurveillanceReport& r) {
  Rows rows{{"Model", "Version", "Status", "Items", "Digest"}};
  for (const auto& m : r.models) rows.push_back({m.name, m.version, m.regulatory_status, std::to_string(m.items), m.digest.substr(0, 16)});
  return "<section><h2>Models in use</h2><p class=\"sub\">Which versions gave the results of this period.</p>" + table(rows, false) +
         "</section>";
}

bool research_only(const SurveillanceReport& r) {
  return std::ranges::any_of(r.models, [](const auto& m) { return m.regulatory_status == "research-use-only"; });
}
}  // namespace

std::string to_html(const SurveillanceReport& r) {
  const auto period = date_text(r.from) + " to " + date_text(Time(r.to - std::chrono::days(1)));
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
      "<title>Surveillance " +
      period + "</title><style>" + style + "</style></head><body><main>";
  html += "<h1>AI surveillance report</h1><p class=\"sub\">" +
          html_escape(period + (r.model_filter.empty() ? ", all models" : ", " + r.model_filter)) + "; compared with the " +
          std::to_string((r.to - r.from) / std::chrono::days(1)) + " days before. Made " + to_text(r.generated).substr(0, 16) + " UTC.</p>";
  if (research_only(r))
    html += "<p class=\"note\"><strong>Research use only.</strong> A model of this report is not approved for clinical decisions.</p>";
  html += cards(r);
  html +=
      "<p class=\"key sub\"><i style=\"background:var(--now)\"></i>this period<i style=\"background:var(--before)\"></i>the period before "
      "(thin)</p>";
  html += "<div class=\"grid\">" + outcomes(r) + reasons(r) + weeks(r) + turnaround(r) + spreads("site", r.by_site, "Site") +
          spreads("scanner", r.by_scanner, "Scanner") + models(r) +
          "<section><h2>Audit</h2><p class=\"sub\">Head of the audit log when this was made: keep this report elsewhere, then "
          "<code>aidp audit verify --size " +
          std::to_string(r.audit_size) + " --root ROOT</code> proves that nothing before it was changed.</p><p>" +
          std::to_string(r.audit_size) + " leaves, root <code>" + r.audit_root + "</code></p></section></div>";
  return html + "</main></body></html>\n";
}

}  // namespace aidp
