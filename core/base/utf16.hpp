// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aidp {

// A text that begins with the byte order mark of UTF-16, of either order, as UTF-8 and without the mark; nothing for another.
// A half of a pair without the other becomes U+FFFD.
std::optional<std::string> utf8_of_utf16(std::string_view bytes);

}  // namespace aidp
