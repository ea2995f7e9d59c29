// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "jobs/plan/plan.hpp"

namespace aidp {

// Which parts of a series a manifest takes: images of unit instance, volumes of unit series. Its rules are asked of each, and where it
// takes one series of a study so is its preference.
struct Choice {
  std::vector<std::size_t> parts;
  std::string left_out;      // how many of the others there are, and why; empty: there are none
  std::vector<double> rank;  // of the parts by the manifest's preferences, the lower the better; of one_per_study
};
Choice choose(const Manifest& manifest, const OpenSeries& series);

}  // namespace aidp
