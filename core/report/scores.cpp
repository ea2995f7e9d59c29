// SPDX-License-Identifier: Apache-2.0
// How the scores of each output lie, by site and by scanner.
#include "core/report/scores.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/report/svg.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr std::size_t bins = 24;

struct Values {
  std::vector<double> now, before;
};
using Groups = std::map<std::pair<std::string, std::string>, Values>;  // by output and group

std::string text_of(const json& attributes, const char* key) {
  if (!attributes.is_object() || !attributes.contains(key)) return {};
  return printable(attributes[key].is_string() ? attributes[key].get<std::string>() : attributes[key].dump());
}

std::string or_unknown(std::string text) { return text.empty() ? "(not given)" : text; }

std::string scanner_of(const json& attributes) {
  const auto maker = text_of(attributes, "Manufacturer"), model = text_of(attributes, "ManufacturerModelName");
  return or_unknown(maker.empty() ? model : model.empty() ? maker : maker + " " + model);
}

struct Origin {
  std::string site, scanner;
};

class Collector {
 public:
  void add(const Statement& row, bool now) {
    const auto& origin = origin_of(row);
    const auto values = json::parse(row.text(0), nullptr, false);
    if (!values.is_object()) return;
    for (const auto& [output, value] : values.items()) {
      if (!value.is_number()) continue;
      const auto name = row.text(4) + ": " + output;
      push(sites_[{name, origin.site}], value.get<double>(), now);
      push(scanners_[{name, origin.scanner}], value.get<double>(), now);
    }
  }
  Groups& sites() { return sites_; }
  Groups& scanners() { return scanners_; }

 private:
  static void push(Values& values, double value, bool now) { (now ? values.now : values.before).push_back(value); }

  // A series' attributes are parsed once, however many items it has.
  const Origin& origin_of(const Statement& row) {
    const auto [found, is_new] = origins_.try_emplace(row.integer(1));
    if (is_new) {
      const auto attributes = json::parse(row.text(2), nullptr, false);
      const auto site = printable(row.text(3));
      found->second = {or_unknown(site.empty() ? text_of(attributes, "InstitutionName") : site), scanner_of(attributes)};
    }
    return found->second;
  }

  std::map<std::int64_t, Origin> origins_;
  Groups sites_, scanners_;
};

// Round numbers around all values. Probabilities are drawn on 0 to 1, whatever their range, so that reports compare by eye.
std::pair<double, double> edges_of(const Groups& groups, const std::string& output) {
  double low = 0, high = 0;
  for (const auto& [key, values] : groups)
    if (key.first == output)
      for (const double value : values.now) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  return {low < 0 ? -ceiling(-low) : 0, low >= 0 && high <= 1 ? 1 : ceiling(high)};
}

std::vector<ScoreGroup> summary(Groups& groups) {
  std::vector<ScoreGroup> summaries;
  for (auto& [key, values] : groups) {
    std::ranges::sort(values.now);
    std::ranges::sort(values.before);
    ScoreGroup group;
    std::tie(group.output, group.group) = key;
    group.n = static_cast<std::int64_t>(values.now.size());
    group.previous_n = static_cast<std::int64_t>(values.before.size());
    if (group.previous_n >= least_items) group.previous_median = quantile(values.before, 0.5);
    std::tie(group.edge_low, group.edge_high) = edges_of(groups, group.output);
    if (group.n >= least_items) {
      group.low = quantile(values.now, 0.05);
      group.q1 = quantile(values.now, 0.25);
      group.median = quantile(values.now, 0.5);
      group.q3 = quantile(values.now, 0.75);
      group.high = quantile(values.now, 0.95);
      group.histogram = histogram(values.now, group.edge_low, group.edge_high, bins);
    }
    summaries.push_back(std::move(group));
  }
  return summaries;
}
}  // namespace

void add_scores(Database& database, const std::string& model, SurveillanceReport& report) {
  Collector collector;
  auto rows = database.prepare(R"(
SELECT item."values", series.id, series.attributes, job.site, job.model_name, item.finished_at >= ?4
FROM item JOIN job ON job.id = item.job_id
JOIN series ON series.job_id = item.job_id AND series.study_uid = item.study_uid AND series.series_uid = item.series_uid
WHERE item.outcome = 'completed' AND item.source <> 'superseded' AND item.finished_at >= ?2 AND item.finished_at < ?3
AND (?1 = '' OR job.model_name = ?1))");
  rows.bind(1, model).bind(2, to_text(report.previous_from)).bind(3, to_text(report.to)).bind(4, to_text(report.from));
  while (rows.step()) collector.add(rows, rows.integer(5) != 0);
  report.by_site = summary(collector.sites());
  report.by_scanner = summary(collector.scanners());
}

}  // namespace aidp
