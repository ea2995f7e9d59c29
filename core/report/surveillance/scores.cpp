// SPDX-License-Identifier: Apache-2.0
#include "core/report/surveillance/scores.hpp"

#include <algorithm>
#include <tuple>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/report/charts.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr std::size_t bins = 24;

std::string text_of(const json& attributes, const char* key) {
  if (!attributes.is_object() || !attributes.contains(key)) return {};
  return printable(attributes[key].is_string() ? attributes[key].get<std::string>() : attributes[key].dump());
}

std::string or_unknown(std::string text) { return text.empty() ? "(not given)" : text; }

std::string scanner_of(const json& attributes) {
  const auto maker = text_of(attributes, "Manufacturer"), model = text_of(attributes, "ManufacturerModelName");
  return or_unknown(maker.empty() ? model : model.empty() ? maker : maker + " " + model);
}

}  // namespace

const ScoreCollector::Place& ScoreCollector::place_of(const SurveillanceQueries::Item& item) {
  const auto [found, is_new] = places_.try_emplace(item.series);
  if (is_new) {
    const auto attributes = parse_json(item.origin->attributes).value_or(json());
    const auto site = printable(item.origin->site);
    found->second = {or_unknown(site.empty() ? text_of(attributes, "InstitutionName") : site), scanner_of(attributes)};
  }
  return found->second;
}

void ScoreCollector::add(const SurveillanceQueries::Item& item, bool now) {
  const auto values = parse_json(item.values);
  if (!values || !values->is_object() || values->empty()) return;
  const auto& place = place_of(item);
  for (const auto& [output, value] : values->items()) {
    if (!value.is_number()) continue;
    for (auto* of : {&sites_[{item.model + ": " + output, place.site}], &scanners_[{item.model + ": " + output, place.scanner}]})
      (now ? of->now : of->before).push_back(value.get<double>());
  }
}

// Round numbers around all values. Probabilities are drawn on 0 to 1, whatever their range, so that reports compare by eye.
std::pair<double, double> ScoreCollector::edges_of(const Groups& groups, const std::string& output) {
  double low = 0, high = 0;
  for (const auto& [key, values] : groups)
    if (key.first == output)
      for (const double value : values.now) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  return {low < 0 ? -ceiling(-low) : 0, low >= 0 && high <= 1 ? 1 : ceiling(high)};
}

std::vector<ScoreGroup> ScoreCollector::summary(Groups& groups) {
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
}  // namespace aidp
