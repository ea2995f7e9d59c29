// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/unicode.hpp"

namespace aidp {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0;;) {
    const auto end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const auto& part : parts) {
    if (&part != &parts.front()) joined += separator;
    joined += part;
  }
  return joined;
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (auto& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank(" \t\r\n\0", 5);
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

static std::size_t levenshtein(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  auto best_distance = 1 + word.size() / 3 + 1;
  for (const auto& candidate : candidates) {
    const auto distance = levenshtein(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (point.length == 0 || is_invisible(point.value))
      safe += '?';
    else
      safe += text.substr(0, point.length);
    text.remove_prefix(std::max<std::size_t>(point.length, 1));
  }
  return safe;
}

std::string number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string fixed(double value, int decimals) {
  std::array<char, 400> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fixed(value, unit == 0 || value >= 100 ? 0 : 1) + " " + units[unit];
}

std::uint64_t parse_bytes(std::string_view text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::string_view prefixes = "KMGT";
  double factor = 1;
  if (!unit.empty() && prefixes.find(unit[0]) != std::string_view::npos) {
    factor = std::pow(1024.0, static_cast<double>(prefixes.find(unit[0])) + 1);
    unit.remove_prefix(1);
    if (unit.starts_with('i')) unit.remove_prefix(1);
  }
  if (unit == "B") unit = {};
  if (status != std::errc{} || !unit.empty() || !(value > 0) || value * factor > 9e18)
    throw Error(Reason::usage, "'" + printable(text) + "' is not a size", "give a number with K, M, G or T, such as 2G");
  return static_cast<std::uint64_t>(value * factor);
}

std::string csv_quoted(std::string_view text, char separator) {
  if (text.find_first_of(std::string{separator, '"', '\r', '\n'}) == std::string::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

namespace {
// What a spreadsheet takes for the beginning of a formula, full-width and small forms included, as its input methods do.
bool begins_formula(char32_t c) {
  constexpr std::u32string_view signs = U"=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20\uFE66\uFE62\uFE63\uFE6B";
  return signs.find(c) != std::u32string_view::npos;
}

bool is_formula(std::string_view text) {
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (begins_formula(point.value)) return true;
    if (!is_space(point.value) && !is_invisible(point.value)) return false;
    text.remove_prefix(std::max<std::size_t>(point.length, 1));
  }
  return false;
}
}  // namespace

std::string csv_field(std::string_view text) {
  const auto value = number_in<double>(text);
  const bool formula = is_formula(text) && !(value && std::isfinite(*value));
  return csv_quoted(formula ? "'" + std::string(text) : std::string(text));
}

std::string html_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace aidp
