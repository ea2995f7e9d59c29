// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <limits>

namespace aidp {

// Sizes told by others: where the true result does not fit, the largest value that does, which no limit lets pass. (std::add_sat of C++26.)
template <std::unsigned_integral T>
constexpr T add_saturating(T a, T b) {
  T sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<T>::max() : sum;
}

template <std::unsigned_integral T>
constexpr T mul_saturating(T a, T b) {
  T product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<T>::max() : product;
}

}  // namespace aidp
