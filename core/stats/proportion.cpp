// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/stats/stats.hpp"

namespace aidp {

std::optional<Proportion> wilson(std::int64_t count, std::int64_t total) {
  if (total <= 0) return std::nullopt;
  constexpr double z = 1.959963984540054;  // of 97.5 %
  const auto n = static_cast<double>(total), p = static_cast<double>(count) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return Proportion{count, total, p, count == 0 ? 0 : std::max(0.0, centre - half), count == total ? 1 : std::min(1.0, centre + half)};
}

std::optional<Difference> newcombe(const std::optional<Proportion>& now, const std::optional<Proportion>& before) {
  if (!now || !before) return std::nullopt;
  const double difference = now->value - before->value;
  return Difference{difference, difference - std::hypot(now->value - now->low, before->high - before->value),
                    difference + std::hypot(now->high - now->value, before->value - before->low)};
}

}  // namespace aidp
