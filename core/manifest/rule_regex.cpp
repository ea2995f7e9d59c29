// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/rule_regex.hpp"

#include <re2/re2.h>

#include <map>

#include "core/base/error.hpp"

namespace aidp {

namespace {
constexpr std::int64_t memory_at_most = 256 << 10;  // of a compiled pattern and its matching: as slow as it gets then is some 50 ms

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_at_most);
  return options;
}

// A manifest has few patterns, and each is matched for every series.
const RE2& compiled(const std::string& pattern) {
  static std::map<std::string, RE2> known;
  return known.try_emplace(pattern, pattern, options()).first->second;
}
}  // namespace

std::optional<std::string> regex_mistake(const std::string& pattern) {
  if (pattern.size() > regex_pattern_at_most) return "it is longer than " + std::to_string(regex_pattern_at_most) + " bytes";
  const RE2 regex(pattern, options());
  return regex.ok() ? std::nullopt : std::optional(regex.error());
}

bool regex_matches(const std::string& pattern, std::string_view text) {
  const auto& regex = compiled(pattern);
  if (!regex.ok()) throw Error(Reason::manifest_invalid, "/" + pattern + "/ is not a regular expression: " + regex.error());
  text = text.substr(0, regex_text_at_most);
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);
}

}  // namespace aidp
