// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/stats/stats.hpp"

namespace aidp {

class Database;

// Below this a share or a quantile is shown, but said to be too few to rely on.
inline constexpr std::int64_t few_items = 20;
// Below this a group's quantiles are not shown at all.
inline constexpr std::int64_t least_items = 5;

// Quantiles of a time; nothing where there was nothing to time.
struct Timing {
  std::int64_t n = 0;
  std::optional<double> p50, p90, p99;
};

// Counts of one period.
struct PeriodVolume {
  std::int64_t studies = 0, series = 0, instances = 0, items = 0, files_outside = 0;  // files_outside: belong to no series
  std::map<std::string, std::int64_t> outcomes;                                       // of series
  std::map<std::string, std::int64_t> reasons;                                        // of series and files that were not completed
  std::map<std::string, std::int64_t> devices;                                        // items by the device that computed them
  std::optional<Proportion> coverage;                                                 // completed of the series that the rules let in
  std::optional<Proportion> flagged;                                                  // of completed items with a flag
  Timing turnaround_s;                                                                // of items, queued to finished
  Timing decode_ms, infer_ms;                                                         // of completed items
};

struct WeekFlags {
  Time week;             // its Monday (ISO 8601)
  bool partial = false;  // the period holds only a part of it
  std::optional<Proportion> flagged;
};

// Scores of one output in one group (a site or a scanner).
struct ScoreGroup {
  std::string output, group;
  std::int64_t n = 0;
  std::optional<double> q1, median, q3, low, high;  // low, high: 5th and 95th percentile; nothing below least_items
  std::int64_t previous_n = 0;
  std::optional<double> previous_median;
  double edge_low = 0, edge_high = 1;   // of the histogram; the same for all groups of the output
  std::vector<std::int64_t> histogram;  // counts in equal parts
};

struct ReportedModel {
  std::string name, version, digest, regulatory_status;
  std::int64_t items = 0;
};

// What a surveillance report says; the writers only draw it. Aggregates alone: no UID, no path, no patient.
struct SurveillanceReport {
  Time from, to, previous_from, generated;  // [from, to) and [previous_from, from)
  std::string model_filter;
  std::int64_t series = 0;
  PeriodVolume now, previous;
  std::vector<ReportedModel> models;
  std::vector<WeekFlags> weeks;
  std::vector<ScoreGroup> by_site, by_scanner;
  std::int64_t audit_size = 0;
  std::string audit_root;
};

// Reads the store in one view of it and computes after that, as writers wait for readers. `model`: a name, or empty for all. Site: the
// job's
// --site, else InstitutionName. Scanner: Manufacturer and ManufacturerModelName.
SurveillanceReport make_surveillance(Database& database, Time from, Time to, const std::string& model, Time generated_at);

}  // namespace aidp
