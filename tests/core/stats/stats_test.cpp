// SPDX-License-Identifier: Apache-2.0
#include "core/stats/stats.hpp"

#include "tests/catch.hpp"

using namespace aidp;

// Values of statsmodels (proportion_confint, method wilson) and numpy (quantile).
TEST_CASE("Wilson's interval is statsmodels'") {
  const auto p = wilson(81, 263);
  CHECK(p->low == Approx(0.255289).margin(1e-6));
  CHECK(p->high == Approx(0.366210).margin(1e-6));
  CHECK(wilson(0, 20)->low == 0);
  CHECK(wilson(0, 20)->high == Approx(0.161125).margin(1e-6));
  CHECK(wilson(19, 20)->low == Approx(0.763869).margin(1e-6));
  CHECK_FALSE(wilson(0, 0));
}

TEST_CASE("a quantile is numpy's") {
  CHECK(*quantile({1, 2, 3, 4}, 0.5) == 2.5);
  CHECK(*quantile({1, 2, 4}, 0.75) == 3);
  CHECK_FALSE(quantile({}, 0.5));
}
