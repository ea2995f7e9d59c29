// SPDX-License-Identifier: Apache-2.0
#include "jobs/plan/one_per_study.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace aidp {

namespace {
constexpr double last = std::numeric_limits<double>::infinity();

// What a series is ordered by, the preferred first.
std::vector<double> rank_of(const Manifest& manifest, const nlohmann::json& attributes) {
  std::vector<double> rank;
  for (const auto& [attribute, largest] : manifest.prefer) {
    auto value = attributes.value(attribute, nlohmann::json());
    if (value.is_array() && !value.empty()) value = value[0];
    rank.push_back(!value.is_number() ? last : largest ? -value.get<double>() : value.get<double>());
  }
  return rank;
}

// Of one study.
void choose(const Manifest& manifest, HeaderIndex& index, std::span<PlannedSeries> study) {
  std::vector<std::pair<std::vector<double>, PlannedSeries*>> fitting;
  for (auto& series : study)
    if (!series.refusal) fitting.emplace_back(rank_of(manifest, index.attributes(series.input)), &series);
  if (fitting.size() < 2) return;
  const auto best = std::ranges::min(fitting, {}, [](const auto& entry) -> const auto& { return entry.first; }).first;
  const auto equal = std::ranges::count(fitting, best, [](const auto& entry) -> const auto& { return entry.first; });
  for (auto& [rank, series] : fitting) {
    if (rank != best)
      series->refuse(Outcome::ineligible, Reason::selection_other, "the model prefers another series of the study");
    else if (equal > 1)
      series->refuse(
          Outcome::quarantined, Reason::selection_ambiguous,
          std::to_string(equal) + " series of the study fit equally, and the model takes one; narrow the paths or the manifest's rules");
  }
}
}  // namespace

void keep_one_per_study(const Manifest& manifest, HeaderIndex& index, Plan& plan) {
  const auto study_of = [](const PlannedSeries& series) -> const std::string& { return series.input.study_uid; };
  for (auto first = plan.series.begin(); first != plan.series.end();) {
    const auto end = std::ranges::upper_bound(first, plan.series.end(), study_of(*first), {}, study_of);
    choose(manifest, index, {first, end});
    first = end;
  }
  std::erase_if(plan.items, [&](const auto& item) { return plan.series[item.series].refusal.has_value(); });
}

}  // namespace aidp
