// SPDX-License-Identifier: Apache-2.0
#include "core/base/ids.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "core/base/time.hpp"

namespace aidp {

std::string new_job_id() {
  std::random_device source;
  std::array<std::uint8_t, 16> bytes;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(source());
  const auto ms = static_cast<std::uint64_t>(now().time_since_epoch().count());
  for (int i = 0; i < 6; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x70);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string uid_from_key(const Digest& key) {
  std::array<std::uint8_t, 16> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::to_integer<std::uint8_t>(key[i]);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x80);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string decimal;  // long division of the 128-bit number by ten
  while (std::ranges::any_of(bytes, [](auto byte) { return byte != 0; })) {
    unsigned rest = 0;
    for (auto& byte : bytes) {
      const unsigned value = rest << 8 | byte;
      byte = static_cast<std::uint8_t>(value / 10);
      rest = value % 10;
    }
    decimal += static_cast<char>('0' + rest);
  }
  std::ranges::reverse(decimal);
  return "2.25." + decimal;
}

bool is_uid(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.') return false;
  return std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }) && text.find("..") == std::string_view::npos;
}

}  // namespace aidp
