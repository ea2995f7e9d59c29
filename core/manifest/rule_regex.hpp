// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex>
#include <string>

namespace aidp {

// Patterns come from a vendor and texts from a stranger's file, and the supervisor matches them. libstdc++'s other engine takes
// exponential time on patterns such as (a+)+$ and recurses for each character; and its parser recurses for each '('.
constexpr std::size_t regex_pattern_at_most = 256;
constexpr std::size_t regex_text_at_most = 1024;

// Throws std::regex_error for what is no ECMAScript pattern, has back references or is longer than regex_pattern_at_most.
inline std::regex rule_regex(const std::string& pattern) {
  if (pattern.size() > regex_pattern_at_most) throw std::regex_error(std::regex_constants::error_complexity);
  return std::regex(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
}

}  // namespace aidp
