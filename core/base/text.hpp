// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aidp {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  // of ASCII letters

// The candidate nearest to `word` (Levenshtein distance of at most 1 + a third of its length), or nothing.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

// `text` with every character replaced by '?' that is_invisible() (core/base/unicode.hpp), safe for a terminal or a log line: no escape,
// no change of direction, nothing hidden. Invalid UTF-8 is replaced byte by byte.
std::string printable(std::string_view text);

// The shortest decimal form that reads back as the same double; "nan", "inf", "-inf" for the others.
std::string number(double value);
// `value` with `decimals` digits after the point.
std::string fixed(double value, int decimals);

// The number that a text is as a whole; nothing where it is none, or more.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// "1.5 GiB" and back: bytes of "512M", "2G", "1.5GiB", "4096" (powers of 1024). Throws Error(usage).
std::string bytes_text(std::uint64_t bytes);
std::uint64_t parse_bytes(std::string_view text);

// One RFC 4180 field as it is, quoted where needed.
std::string csv_quoted(std::string_view text, char separator = ',');
// One RFC 4180 field: quoted where needed; a text that a spreadsheet would take for a formula gets a leading quote mark, also if spaces
// or invisible characters come first. A number ("-0.5") stays one.
std::string csv_field(std::string_view text);

// & < > " ' escaped for HTML text and attributes.
std::string html_escape(std::string_view text);

}  // namespace aidp
