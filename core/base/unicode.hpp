// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace aidp {

struct CodePoint {
  std::size_t length = 0;  // bytes of UTF-8; 0: they are not UTF-8 (RFC 3629)
  char32_t value = 0;
};

// The one at the beginning of `text`, which is not empty.
CodePoint first_code_point(std::string_view text);

bool is_utf8(std::string_view text);

// Whether it shows nothing of its own but changes what is shown: controls, format and bidirectional characters, tags, variation selectors,
// line and paragraph separators, and noncharacters (Unicode 15: Cc, Cf, Zl, Zp, Default_Ignorable_Code_Point).
bool is_invisible(char32_t c);
// Zs: a space of any width.
bool is_space(char32_t c);

}  // namespace aidp
