// SPDX-License-Identifier: Apache-2.0
#include "core/model/version.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace aidp {

namespace {
// Negative, 0 or positive, by Semantic Versioning 2.0.0 section 11: numbers by value and before words.
int compare_identifiers(const std::string& a, const std::string& b) {
  const auto is_number = [](const std::string& text) { return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }); };
  if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
  if (is_number(a) && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_parts(const std::string& a, const std::string& b) {
  const auto x = split(a, '.'), y = split(b, '.');
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
    if (const auto order = compare_identifiers(x[i], y[i]); order != 0) return order;
  return static_cast<int>(x.size()) - static_cast<int>(y.size());
}

}  // namespace

bool older(const std::string& a, const std::string& b) {
  const auto dash_a = a.find('-'), dash_b = b.find('-');
  if (const auto order = compare_parts(a.substr(0, dash_a), b.substr(0, dash_b)); order != 0) return order < 0;
  if (dash_a == std::string::npos || dash_b == std::string::npos) return dash_a != std::string::npos && dash_b == std::string::npos;
  return compare_parts(a.substr(dash_a + 1), b.substr(dash_b + 1)) < 0;
}

}  // namespace aidp
