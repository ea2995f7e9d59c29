// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/store/database.hpp"

namespace aidp {

// What a surveillance report reads of the store, as it stands there: the only SQL of the report. A period is [from, to).
// What another result has superseded is left out; what lost its source counts as before.
class SurveillanceQueries {
 public:
  // `model`: a name, or empty for all.
  SurveillanceQueries(Database& database, std::string model) : database_(database), model_(std::move(model)) {}

  struct SeriesCounts {
    std::int64_t studies = 0, series = 0, instances = 0, files_outside = 0;  // files_outside: belong to no series
  };
  SeriesCounts count_series(Time from, Time to);

  struct OutcomeCount {
    std::string outcome, reason;
    bool is_series = false;  // or a file that belongs to none
    std::int64_t count = 0;
  };
  std::vector<OutcomeCount> count_outcomes(Time from, Time to);

  // Of an item's series.
  struct Origin {
    std::string attributes;  // JSON
    std::string site;        // --site of its job
  };
  struct Item {
    std::string outcome, values, flags;  // JSON objects by output
    std::string device, finished_at, model;
    double turnaround_s = 0, decode_ms = 0, infer_ms = 0;
    std::int64_t series = 0;  // 0: it has none; else the same for all items with this origin
    const Origin* origin = nullptr;
  };
  void for_each_item(Time from, Time to, const std::function<void(const Item&)>& visit);

  struct Model {
    std::string name, version, digest, manifest;  // manifest: JSON; empty: not known
    std::int64_t items = 0;
  };
  std::vector<Model> models(Time from, Time to);

  struct AuditHead {
    std::int64_t size = 0;
    std::string root;
  };
  AuditHead audit_head();

 private:
  Statement select(const char* sql, Time from, Time to);
  const Origin& origin_of(std::int64_t series);

  Database& database_;
  std::string model_;
  std::map<std::int64_t, Origin> origins_;
};

}  // namespace aidp
