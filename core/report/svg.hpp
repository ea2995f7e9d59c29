// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace aidp {

// Charts as inline SVG: no script, colours from the page's CSS, scaled to their box. Every chart has a table beside it for those who
// cannot see it; `label` says in words what it shows.

struct Bar {
  std::string name;
  double value = 0, before = 0;  // before: the previous period
};
std::string bar_chart(const std::vector<Bar>& bars, const std::string& label);

struct Point {
  std::string name;
  std::optional<double> value, low, high;  // shares, 0 to 1
};
std::string share_chart(const std::vector<Point>& points, const std::string& label);

struct Spread {
  std::string name;
  double low = 0, q1 = 0, median = 0, q3 = 0, high = 0;
};
// Boxes on one common axis.
std::string spread_chart(const std::vector<Spread>& spreads, const std::string& label);

}  // namespace aidp
