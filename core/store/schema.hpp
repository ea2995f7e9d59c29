// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace aidp {

// The SQL of core/store/schema/*.sql: element N-1 brings a store from version N-1 to N (PRAGMA user_version).
std::span<const char* const> schema_steps();

}  // namespace aidp
