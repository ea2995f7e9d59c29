// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/report/markup.hpp"

namespace aidp {

// A number at or above `value` (1 for none above 0) whose quarters are round: the end of an axis.
double ceiling(double value);

// Charts as inline SVG: no script, colours from the page's CSS. Places along x are percentages, so a chart fills its box at any width
// while its text keeps its size. Every chart has a table beside it for those who cannot see it; `label` says in words what it shows.

struct Bar {
  std::string name;
  double value = 0, before = 0;  // before: the previous period
};
Markup bar_chart(const std::vector<Bar>& bars, const std::string& label);

struct Point {
  std::string name;
  std::optional<double> value, low, high;  // shares, 0 to 1
  bool uncertain = false;                  // drawn hollow: few items or a part of a week
};
Markup share_chart(const std::vector<Point>& points, const std::string& label);

struct Spread {
  std::string name, note;                           // note: at the right of the name
  std::optional<double> low, q1, median, q3, high;  // nothing: too few, only named
  std::optional<double> before;                     // the previous period's median
  std::vector<std::int64_t> histogram;              // counts in equal parts of the axis
};
// A histogram over a box each, on one common axis from `least` to `most`.
Markup spread_chart(const std::vector<Spread>& spreads, double least, double most, const std::string& label);

}  // namespace aidp
