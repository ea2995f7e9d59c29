// SPDX-License-Identifier: Apache-2.0
#include "core/store/schema_check.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/schema.hpp"

namespace aidp {

namespace {
using Kind = std::pair<std::string, std::string>;  // "table", its name

std::string squeezed(const std::string& sql) {
  std::string text;
  for (const char c : sql) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space || (!text.empty() && text.back() != ' ')) text += space ? ' ' : c;
  }
  return text;
}

// Statistics (ANALYZE) are SQLite's own and change no answer.
std::map<Kind, std::string> schema_of(Database& database) {
  std::map<Kind, std::string> schema;
  auto rows = database.prepare(
      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_stat_' ESCAPE '\\'");
  while (rows.step()) schema[{rows.text(0), rows.text(1)}] = rows.text(2) + ": " + squeezed(rows.text(3));
  return schema;
}

// An empty store in memory; made once, as each costs some milliseconds.
Database& built_in(std::size_t version) {
  static std::map<std::size_t, Database> stores;
  const auto known = stores.find(version);
  if (known != stores.end()) return known->second;
  auto& store = stores.try_emplace(version, ":memory:", Database::Scratch{1, ""}).first->second;
  for (const auto* step : schema_steps().first(version)) store.execute(step);
  return store;
}
Database& newest() { return built_in(schema_steps().size()); }
}  // namespace

std::vector<std::string> schema_differences(Database& database) {
  const auto expected = schema_of(newest()), found = schema_of(database);
  std::vector<std::string> differences;
  const auto say = [&](const Kind& kind, const char* what) {
    differences.push_back("the " + printable(kind.first) + " " + printable(kind.second) + " " + what);
  };
  for (const auto& [kind, sql] : found)
    if (!expected.contains(kind)) say(kind, "was added to the schema");
  for (const auto& [kind, sql] : expected) {
    const auto same = found.find(kind);
    if (same == found.end())
      say(kind, "is missing from the schema");
    else if (same->second != sql)
      say(kind, "was changed in the schema");
  }
  return differences;
}

std::vector<std::string> columns_at(int version, const std::string& table) {
  std::vector<std::string> columns;
  auto rows = built_in(static_cast<std::size_t>(version)).prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid");
  rows.bind(1, table);
  while (rows.step()) columns.push_back(rows.text(0));
  return columns;
}

std::map<std::string, ColumnDefault> column_defaults(const std::string& table) {
  std::map<std::string, std::string> expressions;
  auto rows = newest().prepare("SELECT name, coalesce(dflt_value, 'NULL') FROM pragma_table_info(?)");
  rows.bind(1, table);
  while (rows.step()) expressions[rows.text(0)] = rows.text(1);
  std::map<std::string, ColumnDefault> defaults;
  for (const auto& [column, expression] : expressions) {
    auto value = newest().prepare("SELECT " + expression);
    value.step();
    defaults[column] = {value.type(0), value.text(0)};
  }
  return defaults;
}

}  // namespace aidp
