// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/report/surveillance/facts.hpp"
#include "core/report/surveillance/queries.hpp"

namespace aidp {

// How the scores of each output lie, by site and by scanner.
class ScoreCollector {
 public:
  // A completed item of the period, or (`now` false) of the one before.
  void add(const SurveillanceQueries::Item& item, bool now);
  std::vector<ScoreGroup> by_site() { return summary(sites_); }
  std::vector<ScoreGroup> by_scanner() { return summary(scanners_); }

 private:
  struct Values {
    std::vector<double> now, before;
  };
  using Groups = std::map<std::pair<std::string, std::string>, Values>;  // by output and group
  struct Place {
    std::string site, scanner;
  };
  const Place& place_of(const SurveillanceQueries::Item& item);
  static std::vector<ScoreGroup> summary(Groups& groups);
  static std::pair<double, double> edges_of(const Groups& groups, const std::string& output);

  std::map<std::int64_t, Place> places_;  // by series, whose attributes are parsed once however many items it has
  Groups sites_, scanners_;
};

}  // namespace aidp
