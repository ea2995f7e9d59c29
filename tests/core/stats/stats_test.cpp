// SPDX-License-Identifier: Apache-2.0
#include "core/stats/stats.hpp"

#include "tests/catch.hpp"

using namespace aidp;

// Values of statsmodels (proportion_confint, method wilson) and numpy (quantile, histogram).
TEST_CASE("Wilson's interval is statsmodels'") {
  const auto p = wilson(81, 263);
  CHECK(p->low == Approx(0.255289).margin(1e-6));
  CHECK(p->high == Approx(0.366210).margin(1e-6));
  CHECK(wilson(0, 20)->low == 0);
  CHECK(wilson(0, 20)->high == Approx(0.161125).margin(1e-6));
  CHECK(wilson(19, 20)->low == Approx(0.763869).margin(1e-6));
  CHECK(wilson(19, 20)->high == Approx(0.991119).margin(1e-6));
  CHECK(wilson(20, 20)->high == 1);
  CHECK_FALSE(wilson(0, 0));
}

// Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
TEST_CASE("the interval of a difference is Newcombe's") {
  const auto a = newcombe(wilson(56, 70), wilson(48, 80));
  CHECK(a->value == Approx(0.2));
  CHECK(a->low == Approx(0.0524).margin(5e-5));
  CHECK(a->high == Approx(0.3339).margin(5e-5));
  const auto b = newcombe(wilson(9, 10), wilson(3, 10));
  CHECK(b->low == Approx(0.1705).margin(5e-5));
  CHECK(b->high == Approx(0.8090).margin(5e-5));
  CHECK_FALSE(newcombe(wilson(1, 2), wilson(0, 0)));
}

TEST_CASE("a quantile is numpy's") {
  CHECK(*quantile({1, 2, 3, 4}, 0.5) == 2.5);
  CHECK(*quantile({1, 2, 4}, 0.75) == 3);
  CHECK(*quantile({7}, 0.99) == 7);
  CHECK_FALSE(quantile({}, 0.5));
}

TEST_CASE("a histogram counts each value once, the last edge too") {
  CHECK(histogram({0, 0.1, 0.25, 0.5, 0.99, 1}, 0, 1, 4) == std::vector<std::int64_t>{2, 1, 1, 2});
  CHECK(histogram({-5, 9}, 0, 1, 2) == std::vector<std::int64_t>{1, 1});
  CHECK(histogram({3, 3}, 3, 3, 2) == std::vector<std::int64_t>{2, 0});
}
