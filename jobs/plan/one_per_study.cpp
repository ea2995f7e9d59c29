// SPDX-License-Identifier: Apache-2.0
#include "jobs/plan/one_per_study.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>

namespace aidp {

namespace {
using Fitting = std::vector<PlannedSeries*>;

void choose(const Fitting& fitting) {
  if (fitting.size() < 2) return;
  const auto best = (*std::ranges::min_element(fitting, {}, [](const auto* series) -> const auto& { return series->rank; }))->rank;
  const auto equal = std::ranges::count(fitting, best, &PlannedSeries::rank);
  for (auto* series : fitting) {
    if (series->rank != best)
      series->refuse(Outcome::ineligible, Reason::selection_other, "the model prefers another series of the study");
    else if (equal > 1)
      series->refuse(
          Outcome::quarantined, Reason::selection_ambiguous,
          std::to_string(equal) + " series of the study fit equally, and the model takes one; narrow the paths or the manifest's rules");
  }
}

// Two patients may share a StudyInstanceUID; who is unnamed belongs to the only one who is.
std::map<std::string, Fitting> by_patient(std::ranges::subrange<std::vector<PlannedSeries>::iterator> study) {
  std::map<std::string, Fitting> fitting;
  for (auto& series : study)
    if (!series.refusal) fitting[series.patient].push_back(&series);
  if (fitting.size() == 2 && fitting.begin()->first.empty()) {
    std::ranges::move(fitting.begin()->second, std::back_inserter(fitting.rbegin()->second));
    fitting.erase(fitting.begin());
  }
  return fitting;
}
}  // namespace

void keep_one_per_study(Plan& plan) {
  const auto study_of = [](const PlannedSeries& series) -> const std::string& { return series.input.study_uid; };
  for (auto first = plan.series.begin(); first != plan.series.end();) {
    const auto end = std::ranges::upper_bound(first, plan.series.end(), study_of(*first), {}, study_of);
    for (const auto& [patient, fitting] : by_patient({first, end})) choose(fitting);
    first = end;
  }
  std::erase_if(plan.items, [&](const auto& item) { return plan.series[item.series].refusal.has_value(); });
}

}  // namespace aidp
