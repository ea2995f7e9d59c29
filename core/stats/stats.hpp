// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace aidp {

// A share of counts with the Wilson score interval (Wilson 1927; statsmodels proportion_confint method="wilson"), 95 %.
struct Proportion {
  std::int64_t count = 0, total = 0;
  double value = 0, low = 0, high = 0;
};
// Nothing for a total of 0: a share of nothing is not 0.
std::optional<Proportion> wilson(std::int64_t count, std::int64_t total);

// A difference of two independent shares, now - before, with Newcombe's hybrid score interval (Newcombe 1998, method 10), 95 %.
struct Difference {
  double value = 0, low = 0, high = 0;
};
std::optional<Difference> newcombe(const std::optional<Proportion>& now, const std::optional<Proportion>& before);

// Linear-interpolated quantile (numpy's default, type 7) of sorted values, p in [0, 1]; nothing of no values.
std::optional<double> quantile(const std::vector<double>& sorted, double p);

// Counts of `values` in `bins` equal parts of [low, high]: each part holds its lower edge, the last one both (numpy.histogram).
// Values outside are counted in the part nearest to them.
std::vector<std::int64_t> histogram(const std::vector<double>& values, double low, double high, std::size_t bins);

}  // namespace aidp
