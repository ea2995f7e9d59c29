// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/age.hpp"

#include <chrono>
#include <optional>

#include "core/base/text.hpp"

namespace aidp {

namespace {
std::optional<std::chrono::year_month_day> date_of(std::string_view text) {
  if (text.size() != 8 || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  using namespace std::chrono;
  const year_month_day date{year(*number_in<int>(text.substr(0, 4))), month(*number_in<unsigned>(text.substr(4, 2))),
                            day(*number_in<unsigned>(text.substr(6)))};
  return date.ok() ? std::optional(date) : std::nullopt;
}
}  // namespace

std::string age_at(std::string_view birth, std::string_view day) {
  const auto from = date_of(birth), to = date_of(day);
  if (!from || !to || *from > *to) return {};
  int months = (static_cast<int>(to->year()) - static_cast<int>(from->year())) * 12 + static_cast<int>(static_cast<unsigned>(to->month())) -
               static_cast<int>(static_cast<unsigned>(from->month()));
  if (to->day() < from->day()) --months;
  const auto days = (std::chrono::sys_days(*to) - std::chrono::sys_days(*from)).count();
  const auto years = months / 12;
  const int count = months < 1 ? static_cast<int>(days) : years < 2 ? months : years;
  if (count > 999) return {};
  const auto digits = std::to_string(count);
  return std::string(3 - digits.size(), '0') + digits + (months < 1 ? 'D' : years < 2 ? 'M' : 'Y');
}

}  // namespace aidp
