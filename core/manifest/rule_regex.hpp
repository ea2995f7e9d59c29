// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aidp {

// Patterns come from a vendor and texts from a stranger's file, and the supervisor matches them: RE2 takes time linear in the text.
inline constexpr std::size_t regex_pattern_at_most = 256;  // bytes
inline constexpr std::size_t regex_text_at_most = 1024;

// Why a pattern is none; nothing where it is one.
std::optional<std::string> regex_mistake(const std::string& pattern);
// Whether the pattern matches anywhere in the first regex_text_at_most bytes. Throws Error(manifest_invalid) for what is no pattern.
bool regex_matches(const std::string& pattern, std::string_view text);

}  // namespace aidp
