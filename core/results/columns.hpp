// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result_columns.hpp"
#include "core/results/record.hpp"

namespace aidp {

// An output of the job's model, as the results show it.
struct OutputColumn {
  std::string name;
  std::string unit, description;
  bool is_file = false;                  // columns NAME_path (relative to the output folder) and NAME_sha256; else a number NAME
  bool has_flag = false;                 // a column NAME_flag, 1 or 0
  std::map<int, std::string> classes{};  // of a number that is one: a column NAME_class with its name
};

struct TableColumn {
  std::string name;
  ColumnType type = ColumnType::text;
  std::string unit, description;
};
// Nothing: an empty field, null, NaN.
using Cell = std::variant<std::monostate, std::string, double, std::int64_t>;

// The columns of results.csv and results.h5: those of result_columns.def with the outputs' in their midst.
std::vector<TableColumn> columns_of(const std::vector<OutputColumn>& outputs);
// The name of an item's class; empty where it has none.
std::string class_name(const ItemRecord& item, const OutputColumn& output);
// One for each column.
std::vector<Cell> cells_of(const ItemRecord& item, const JobRecord& job, const std::vector<OutputColumn>& outputs);

}  // namespace aidp
