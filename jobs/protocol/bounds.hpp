// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "jobs/process/frame.hpp"
#include "jobs/protocol/message.hpp"

namespace aidp {

inline constexpr std::size_t longest_message = 1000;  // bytes, of why an item failed
inline constexpr std::size_t longest_text = 1024;     // of an attribute's value and the like

// Bounds that every reply is held to. Each throws BadReply, which names `what` and never the value.
void require(bool holds, const char* what);
void require_finite(std::span<const double> values, const char* what);
void require_text(std::string_view text, std::size_t longest, const char* what);
void require_uid(std::string_view uid, const char* what);     // of PS3.5 9.1, and not empty
void require_sha256(std::string_view hex, const char* what);  // 64 lower-case hexadecimal digits
void require_milliseconds(double milliseconds);

// Whether it names one entry of a folder, and no way out of it.
bool is_entry_name(std::string_view name);

// A failure that a worker may give for an item: its reason is one of items, or of `also`. The message is made printable.
Failure item_failure(const ItemFailure& failure, std::initializer_list<Reason> also = {});
// A worker's own failure as it may be given.
ItemFailure item_failure(const std::exception& error);

}  // namespace aidp
