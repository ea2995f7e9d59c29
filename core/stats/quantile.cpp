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

}  // namespace aidp
