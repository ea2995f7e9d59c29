// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.hpp"

#include <algorithm>

namespace aidp {

// Of what is JSON; of anything else it is right as far as a parser comes.
static int depth_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

std::optional<nlohmann::json> parse_json(std::string_view text, int depth) {
  if (depth_of(text) > depth) return {};
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return {};
  return json;
}

}  // namespace aidp
