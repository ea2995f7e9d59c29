// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace aidp {

// What aidp-reasons(7) says of a reason beside its meaning: when it arises and what to do. Empty for a reason that reasons.cpp does not
// know.
std::string_view advice(Reason reason);

// man(7) of aidp-reasons.7.
std::string reasons_page();

}  // namespace aidp
