// SPDX-License-Identifier: Apache-2.0
#include "core/base/time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

using namespace std::chrono;

Time now() { return time_point_cast<milliseconds>(system_clock::now()); }

std::string date_text(Time time) {
  const year_month_day date{floor<days>(time)};
  std::array<char, 32> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string to_text(Time time) {
  const hh_mm_ss clock{time - floor<days>(time)};
  std::array<char, 32> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), "T%02d:%02d:%02d.%03dZ", static_cast<int>(clock.hours().count()),
                                   static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                                   static_cast<int>(clock.subseconds().count()));
  return date_text(time) + std::string(buffer.data(), static_cast<std::size_t>(length));
}

Time parse_time(std::string_view text) {
  const std::string copy(text);
  int y = 0, hour = 0, minute = 0, used = 0;
  unsigned m = 0, d = 0;
  double second = 0;
  const int fields = std::sscanf(copy.c_str(), "%4d-%2u-%2u%nT%2d:%2d:%lf", &y, &m, &d, &used, &hour, &minute, &second);
  const year_month_day date{year{y}, month{m}, day{d}};
  const bool whole = fields == 3 ? static_cast<std::size_t>(used) == copy.size() : fields == 6 && copy.ends_with('Z');
  const bool clock_ok = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 61;
  if (!whole || !date.ok() || !clock_ok)
    throw Error(Reason::usage, "'" + printable(text) + "' is not a date", "write it as 2026-11-24 or 2026-11-24T13:05:57Z (UTC)");
  return time_point_cast<milliseconds>(sys_days{date}) + hours{hour} + minutes{minute} +
         milliseconds{static_cast<std::int64_t>(second * 1000 + 0.5)};
}

seconds parse_duration(std::string_view text) {
  constexpr std::array<std::pair<char, std::int64_t>, 4> units{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
  constexpr std::int64_t longest = 366 * 86400;
  std::int64_t total = 0;
  auto rest = text;
  for (const auto& [unit, in_seconds] : units) {
    const auto digits = rest.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || rest[digits] != unit) continue;
    const auto count = number_in<std::int64_t>(rest.substr(0, digits)).value_or(longest);
    total += std::min(count, longest) * in_seconds;
    rest.remove_prefix(digits + 1);
  }
  if (text.empty() || !rest.empty() || total > longest)
    throw Error(Reason::usage, "'" + printable(text) + "' is not a duration of at most a year", "write it as 90s, 30m, 2h or 1d12h");
  return seconds{total};
}

Time week_start(Time time) {
  const auto today = floor<days>(time);
  return today - (weekday{today} - Monday);
}

}  // namespace aidp
