// SPDX-License-Identifier: Apache-2.0
#include "core/report/surveillance/facts.hpp"

#include <algorithm>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/report/surveillance/queries.hpp"
#include "core/report/surveillance/scores.hpp"

namespace aidp {

namespace {
Timing timing_of(std::vector<double>& values) {
  std::ranges::sort(values);
  return {static_cast<std::int64_t>(values.size()), quantile(values, 0.5), quantile(values, 0.9), quantile(values, 0.99)};
}

bool any_flag(const nlohmann::json& flags) {
  return std::ranges::any_of(flags, [](const auto& flag) { return flag.is_boolean() && flag.template get<bool>(); });
}

// The items of a period as they are read; facts come of them when all are.
class ItemCollector {
 public:
  // Whether a completed item that has flags has one that is set; nothing for others.
  std::optional<bool> add(const SurveillanceQueries::Item& item) {
    seconds_.push_back(item.turnaround_s);
    if (item.outcome != "completed") return {};
    ++devices_[item.device];
    decode_.push_back(item.decode_ms);
    infer_.push_back(item.infer_ms);
    const auto flags = parse_json(item.flags);
    if (!flags || !flags->is_object() || flags->empty()) return {};
    ++flaggable_;
    const bool flag = any_flag(*flags);
    flagged_ += flag;
    return flag;
  }

  void tell(PeriodVolume& volume) {
    volume.items = static_cast<std::int64_t>(seconds_.size());
    for (const auto& [device, items] : devices_) volume.devices[printable(device)] += items;
    volume.turnaround_s = timing_of(seconds_);
    volume.decode_ms = timing_of(decode_);
    volume.infer_ms = timing_of(infer_);
    volume.flagged = wilson(flagged_, flaggable_);
  }

 private:
  std::vector<double> seconds_, decode_, infer_;
  std::map<std::string, std::int64_t> devices_;
  std::int64_t flagged_ = 0, flaggable_ = 0;
};

// Flags by ISO week.
class WeekCollector {
 public:
  explicit WeekCollector(const SurveillanceReport& report) {
    for (auto week = week_start(report.from); week < report.to; week += std::chrono::days(7)) weeks_[week] = {};
  }

  void add(const std::string& finished_at, bool flag) {
    auto& [flagged, total] = weeks_[week_start(parse_time(finished_at))];
    ++total;
    flagged += flag;
  }

  void tell(SurveillanceReport& report) const {
    for (const auto& [week, counts] : weeks_)
      report.weeks.push_back({week, week < report.from || week + std::chrono::days(7) > report.to, wilson(counts.first, counts.second)});
  }

 private:
  std::map<Time, std::pair<std::int64_t, std::int64_t>> weeks_;
};

PeriodVolume volume_of(SurveillanceQueries& queries, Time from, Time to) {
  PeriodVolume volume;
  const auto counts = queries.count_series(from, to);
  volume.studies = counts.studies;
  volume.series = counts.series;
  volume.instances = counts.instances;
  volume.files_outside = counts.files_outside;
  for (const auto& row : queries.count_outcomes(from, to)) {
    if (row.is_series) volume.outcomes[row.outcome] += row.count;
    if (!row.reason.empty()) volume.reasons[row.outcome + ": " + row.reason] += row.count;
  }
  const auto of = [&](const char* outcome) { return volume.outcomes.contains(outcome) ? volume.outcomes.at(outcome) : 0; };
  volume.coverage = wilson(of("completed"), of("completed") + of("quarantined") + of("failed"));
  return volume;
}

// Of a stored manifest; "unknown" if an earlier aidp stored it, until it is next verified.
std::string status_in(const std::string& manifest) {
  const auto json = parse_json(manifest).value_or(nlohmann::json());
  const auto status = json.is_object() ? json.value("regulatory_status", nlohmann::json()) : nlohmann::json();
  return status.is_string() ? printable(status.get<std::string>()) : "unknown";
}
}  // namespace

SurveillanceReport make_surveillance(Database& database, Time from, Time to, const std::string& model, Time generated_at) {
  SurveillanceReport report;
  report.from = from;
  report.to = to;
  report.previous_from = from - (to - from);
  report.generated = generated_at;
  report.model_filter = model;
  ItemCollector now, before;
  WeekCollector weeks(report);
  ScoreCollector scores;
  {
    const Snapshot one_view(database);
    SurveillanceQueries queries(database, model);
    report.now = volume_of(queries, from, to);
    report.previous = volume_of(queries, report.previous_from, from);
    const auto begin = to_text(from);
    queries.for_each_item(report.previous_from, to, [&](const auto& item) {
      const bool is_now = item.finished_at >= begin;
      const auto flag = (is_now ? now : before).add(item);
      if (is_now && flag) weeks.add(item.finished_at, *flag);
      if (item.outcome == "completed") scores.add(item, is_now);
    });
    for (const auto& row : queries.models(from, to))
      report.models.push_back({row.name, row.version, row.digest, status_in(row.manifest), row.items});
    const auto head = queries.audit_head();
    report.audit_size = head.size;
    report.audit_root = head.root;
  }
  now.tell(report.now);
  before.tell(report.previous);
  weeks.tell(report);
  report.by_site = scores.by_site();
  report.by_scanner = scores.by_scanner();
  report.series = report.now.series + report.now.files_outside;
  return report;
}

}  // namespace aidp
