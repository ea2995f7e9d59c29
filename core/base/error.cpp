// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace aidp {

namespace {
constexpr std::array table{
#define AIDP_REASON(identifier, name, exit, meaning) ReasonRow{Reason::identifier, name, Exit::exit, meaning},
#include "core/base/reasons.def"
#undef AIDP_REASON
};
}  // namespace

std::span<const ReasonRow> reasons() { return table; }

const ReasonRow& row(Reason reason) { return table[static_cast<std::size_t>(reason)]; }

std::string_view name(Reason reason) { return row(reason).name; }

std::optional<Reason> reason_named(std::string_view name) {
  const auto found = std::ranges::find(table, name, &ReasonRow::name);
  if (found == table.end()) return std::nullopt;
  return found->reason;
}

Error::Error(Reason reason, const std::string& message, std::string remedy)
    : std::runtime_error(message), reason_(reason), remedy_(std::move(remedy)) {}

}  // namespace aidp
