// SPDX-License-Identifier: Apache-2.0
#include "core/audit/row_check.hpp"

#include <algorithm>

#include "core/base/json.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr int last_schema_without_columns = 2;  // its leaves hash all that their table had
}  // namespace

RowCheck::RowCheck(Database& database, const AuditedTable& table, Findings& findings)
    : database_(database),
      findings_(findings),
      table_(table.name),
      rows_(database.prepare("SELECT rowid, * FROM " + table_ + " WHERE rowid > ? ORDER BY rowid LIMIT ?")),
      leaf_data_(database.prepare("SELECT data FROM audit_leaf WHERE seq = ?")),
      defaults_(column_defaults(table_)),
      first_columns_(columns_at(last_schema_without_columns, table_)) {
  for (int column = 1; column < rows_.columns(); ++column) column_[rows_.column_name(column)] = column;
  key_ = column_.at(std::string(table.key));
  leaf_ = column_.at("leaf");
  std::erase(first_columns_.get_ref<json::array_t&>(), json("leaf"));
}

bool RowCheck::check_some(int at_most) {
  rows_.bind(1, last_).bind(2, at_most);
  int seen = 0;
  for (; rows_.step(); ++seen) {
    last_ = rows_.integer(0);
    check(rows_.type(key_) == Statement::Type::integer ? json(rows_.integer(key_)) : json(rows_.text(key_)), rows_.integer(leaf_));
  }
  rows_.reset();
  seen_ += seen;
  return seen == at_most;
}

bool RowCheck::bind(const json& names) {
  if (binding_ && binding_->names == names) return true;
  Binding binding{names, {}, {}};
  std::map<std::string, int> left = column_;
  left.erase("leaf");
  for (const auto& name : names) {
    const auto found = name.is_string() ? left.find(name.get<std::string>()) : left.end();
    if (found == left.end()) return false;
    binding.columns.push_back(found->second);
    left.erase(found);
  }
  for (const auto& [name, column] : left) binding.unbound.push_back(column);
  binding_ = std::move(binding);
  return true;
}

void RowCheck::check(const json& key, std::int64_t leaf) {
  leaf_data_.bind(1, leaf);
  const auto event = leaf_data_.step() ? parse_json(leaf_data_.text(0)) : std::nullopt;
  leaf_data_.reset();
  const bool of_row = event && event->is_object() && event->value("table", json{}) == table_ && event->value("row", json{}) == key;
  if (!of_row) return findings_.add(leaf, row_name(table_, key) + " was added: " + leaf_name(leaf) + " does not record it");
  const auto names = event->find("columns");
  if (!bind(names != event->end() ? *names : first_columns_))
    return findings_.add(leaf, leaf_name(leaf) + " hashes columns that " + row_name(table_, key) + " does not have");
  if (event->value("row_sha256", json{}) != row_sha256(rows_, binding_->columns))
    return findings_.add(leaf, row_name(table_, key) + " was changed: it is not what " + leaf_name(leaf) + " recorded");
  check_unbound(key);
}

// Added by a later schema, and not written since.
void RowCheck::check_unbound(const json& key) {
  for (const int column : binding_->unbound) {
    const auto& expected = defaults_.at(rows_.column_name(column));
    if (rows_.type(column) != expected.type || rows_.text(column) != expected.text)
      findings_.add(rows_.integer(leaf_),
                    row_name(table_, key) + " was changed: no leaf records what its column " + rows_.column_name(column) + " holds");
  }
}

}  // namespace aidp
