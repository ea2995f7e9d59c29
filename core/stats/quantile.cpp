// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/stats/stats.hpp"

namespace aidp {

std::optional<double> quantile(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) return std::nullopt;
  const double rank = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(rank));
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (rank - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

std::vector<std::int64_t> histogram(const std::vector<double>& values, double low, double high, std::size_t bins) {
  std::vector<std::int64_t> counts(bins, 0);
  const double width = high > low ? (high - low) / static_cast<double>(bins) : 1;
  for (const double value : values) {
    const double place = std::clamp(std::floor((value - low) / width), 0.0, static_cast<double>(bins - 1));
    ++counts[static_cast<std::size_t>(place)];
  }
  return counts;
}

}  // namespace aidp
