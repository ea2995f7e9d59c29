// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aidp {

// `text` of a character set that iconv(3) knows by that name, as UTF-8. What is not of the set becomes "?", `unit_bytes` at a time; a set
// that iconv does not have here leaves the text as it is.
std::string from_charset(std::string_view text, const char* charset, std::size_t unit_bytes = 1);

}  // namespace aidp
