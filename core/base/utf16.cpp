// SPDX-License-Identifier: Apache-2.0
#include "core/base/utf16.hpp"

namespace aidp {

namespace {
constexpr char32_t replacement = 0xFFFD;

bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

void add(std::string& text, char32_t point) {
  const auto byte = [&](char32_t bits) { text += static_cast<char>(bits); };
  const auto rest = [&](int shift) { byte(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | point >> 6);
    rest(0);
  } else if (point < 0x10000) {
    byte(0xE0 | point >> 12);
    rest(6);
    rest(0);
  } else {
    byte(0xF0 | point >> 18);
    rest(12);
    rest(6);
    rest(0);
  }
}
}  // namespace

std::optional<std::string> utf8_of_utf16(std::string_view bytes) {
  const bool little = bytes.starts_with("\xFF\xFE");
  if (!little && !bytes.starts_with("\xFE\xFF")) return std::nullopt;
  const auto unit = [&](std::size_t at) -> char32_t {
    const auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
    return little ? first | second << 8 : first << 8 | second;
  };
  std::string text;
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    const char32_t first = unit(at), second = at + 3 < bytes.size() ? unit(at + 2) : U'\0';
    const bool pair = is_high(first) && is_low(second);
    if (pair) at += 2;
    add(text, pair ? 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00) : is_high(first) || is_low(first) ? replacement : first);
  }
  return text;
}

}  // namespace aidp
