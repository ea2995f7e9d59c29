// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace aidp {

// Exit codes of every command. DESIGN: "Errors and exit codes"; listed in each man page.
enum class Exit {
  ok = 0,
  failure = 1,
  usage = 2,
  partial = 3,
  gate = 4,
  alarm = 5,
  nothing = 6,
  temporary = 75,
  interrupted = 130,
  terminated = 143
};

// Why something ended as it did; one row of reasons.def each.
enum class Reason {
#define AIDP_REASON(identifier, name, exit, meaning) identifier,
#include "core/base/reasons.def"
#undef AIDP_REASON
};

struct ReasonRow {
  Reason reason;
  std::string_view name;  // stable, e.g. "dicom.truncated"
  Exit exit;
  std::string_view meaning;
};

// All reasons in the table's order.
std::span<const ReasonRow> reasons();
const ReasonRow& row(Reason reason);
std::string_view name(Reason reason);
// The reason of that stable name, or nothing.
std::optional<Reason> reason_named(std::string_view name);

// The one error of aidp. `message` says what, which and what was allowed; `remedy` says what to do (may be empty).
// Neither ever holds a patient's name or identifier.
class Error : public std::runtime_error {
 public:
  Error(Reason reason, const std::string& message, std::string remedy = {});
  Reason reason() const { return reason_; }
  Exit exit() const { return row(reason_).exit; }
  const std::string& remedy() const { return remedy_; }

 private:
  Reason reason_;
  std::string remedy_;
};

}  // namespace aidp
