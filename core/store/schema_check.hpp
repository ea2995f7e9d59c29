// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/store/database.hpp"

namespace aidp {

// What a store's schema has that the built-in one has not, lacks, or says in other words: "the trigger x was added". Empty: the same.
std::vector<std::string> schema_differences(Database& database);

// The columns of a table as the schema of `version` has them, in order.
std::vector<std::string> columns_at(int version, const std::string& table);

// What a row that was written before a column was added has there, by column: of all columns of `table` that have a default.
struct ColumnDefault {
  Statement::Type type = Statement::Type::null;
  std::string text;
};
std::map<std::string, ColumnDefault> column_defaults(const std::string& table);

}  // namespace aidp
