// SPDX-License-Identifier: Apache-2.0
#include "jobs/protocol/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "core/base/ids.hpp"
#include "core/base/text.hpp"

namespace aidp {

void require(bool holds, const char* what) {
  if (!holds) throw BadReply(std::string("its answer is invalid: ") + what);
}

void require_finite(std::span<const double> values, const char* what) {
  require(std::ranges::all_of(values, [](double value) { return std::isfinite(value); }), what);
}

void require_text(std::string_view text, std::size_t longest, const char* what) { require(text.size() <= longest, what); }

void require_uid(std::string_view uid, const char* what) { require(is_uid(uid), what); }

void require_sha256(std::string_view hex, const char* what) {
  require(hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos, what);
}

void require_milliseconds(double milliseconds) {
  require(std::isfinite(milliseconds) && milliseconds >= 0 && milliseconds < 1e9, "a time is out of range");
}

bool is_entry_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

Failure item_failure(const ItemFailure& failure, std::initializer_list<Reason> also) {
  const auto reason = reason_named(failure.reason);
  require(reason.has_value(), "the reason is unknown");
  const bool of_items = row(*reason).exit == Exit::partial || *reason == Reason::internal;
  require(of_items || std::ranges::find(also, *reason) != also.end(), "the reason cannot be that of an item");
  require_text(failure.message, longest_message, "a message is too long");
  return {*reason, printable(failure.message), {}};
}

ItemFailure item_failure(const std::exception& error) {
  const auto message = printable(error.what());
  const auto shortened = printable(std::string_view(message).substr(0, longest_message - 4));  // a character cut in two is replaced
  auto reason = Reason::internal;
  if (const auto* own = dynamic_cast<const Error*>(&error))
    reason = own->reason();
  else if (dynamic_cast<const std::bad_alloc*>(&error))
    return {std::string(name(Reason::worker_memory)), "out of memory"};
  return {std::string(name(reason)), shortened};
}

}  // namespace aidp
