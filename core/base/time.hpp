// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace aidp {

// A moment in UTC to the millisecond.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

Time now();
// "2026-11-24T13:05:57.123Z" and back. parse_time also takes "2026-11-24" (midnight UTC). Throws Error(usage).
std::string to_text(Time time);
Time parse_time(std::string_view text);
// "2h", "30m", "90s", "1d12h": whole days, hours, minutes and seconds, each at most once and in this order, at most a year together.
// Throws Error(usage).
std::chrono::seconds parse_duration(std::string_view text);
// "2026-11-24"
std::string date_text(Time time);
// Midnight UTC of the Monday that begins the ISO 8601 week of `time`.
Time week_start(Time time);

}  // namespace aidp
