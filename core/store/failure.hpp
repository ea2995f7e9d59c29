// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

struct sqlite3;

namespace aidp {

// Throws the Error that fits SQLite's result `code`: store_locked, disk_full, store_damaged, io_failed or internal.
[[noreturn]] void throw_sqlite(sqlite3* database, int code, const std::string& what);

}  // namespace aidp
