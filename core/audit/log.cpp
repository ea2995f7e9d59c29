// SPDX-License-Identifier: Apache-2.0
#include "core/audit/log.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>

#include "core/audit/frontier.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace aidp {

namespace {
// Columns hold UTF-8 by contract; a byte that is not is replaced, so that a damaged row can still be hashed and told.
std::string canonical(const nlohmann::json& json) { return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

void bind_key(Statement& statement, int parameter, const nlohmann::json& key) {
  if (key.is_number_integer())
    statement.bind(parameter, key.get<std::int64_t>());
  else
    statement.bind(parameter, key.get<std::string>());
}

// SQLite stores a whole REAL as an integer and, in RETURNING, may give it back as one: both must hash alike.
nlohmann::json canonical_number(double value) {
  if (std::trunc(value) == value && std::abs(value) < 9e15) return static_cast<std::int64_t>(value);
  return value;
}

const AuditedTable& audited(std::string_view table) {
  for (const auto& candidate : audited_tables)
    if (candidate.name == table) return candidate;
  throw Error(Reason::internal, "table '" + std::string(table) + "' is not audited");
}
}  // namespace

std::string row_sha256(const Statement& row, std::span<const int> columns) {
  auto json = nlohmann::json::object();
  for (const int column : columns) {
    auto& value = json[row.column_name(column)];
    switch (row.type(column)) {
      case Statement::Type::null:
        break;
      case Statement::Type::integer:
        value = row.integer(column);
        break;
      case Statement::Type::real:
        value = canonical_number(row.real(column));
        break;
      case Statement::Type::text:
        value = row.text(column);
        break;
    }
  }
  return hex(sha256(canonical(json)));
}

nlohmann::json row_sha256(const Statement& row) {
  std::vector<int> columns;
  auto names = nlohmann::json::array();
  for (int column = 0; column < row.columns(); ++column) {
    auto name = row.column_name(column);
    if (name == "leaf") continue;
    columns.push_back(column);
    names.push_back(std::move(name));
  }
  return {{"columns", std::move(names)}, {"sha256", row_sha256(row, columns)}};
}

AuditLog::AuditLog(Database& database) : database_(database) { refresh(); }

void AuditLog::refresh() {
  size_ = 0;
  frontier_.clear();
  auto head = database_.prepare("SELECT size, frontier FROM audit_head ORDER BY size DESC LIMIT 1");
  if (head.step()) {
    size_ = head.integer(0);
    const auto text = head.text(1);
    for (std::size_t i = 0; i + 64 <= text.size(); i += 64) frontier_.push_back(digest_from_hex(std::string_view(text).substr(i, 64)));
    if (std::popcount(static_cast<std::uint64_t>(size_)) != static_cast<int>(frontier_.size()))
      throw Error(Reason::audit_broken, "the newest head of the audit log is damaged",
                  "`aidp audit verify` lists all damage; restore the store from a backup");
  }
  transaction_ = database_.transactions();
}

std::int64_t AuditLog::append(nlohmann::json event) {
  // Another log of this connection may have appended, or our last transaction may have been rolled back.
  if (transaction_ != database_.transactions()) refresh();
  if (!insert_) insert_.emplace(database_.prepare("INSERT INTO audit_leaf (seq, data, hash) VALUES (?, ?, ?)"));
  if (const auto bound = event.find("row_sha256"); bound != event.end() && bound->is_object()) {
    event["columns"] = std::move(bound->at("columns"));
    *bound = std::string(bound->at("sha256"));
  }
  if (!event.contains("time")) event["time"] = to_text(now());
  const std::string data = canonical(event);
  const Digest leaf = merkle_leaf(data);
  insert_->bind(1, size_).bind(2, data).bind(3, hex(leaf)).run();
  frontier_add(frontier_, size_, leaf);
  return size_++;
}

std::int64_t AuditLog::append_row(nlohmann::json event, std::string_view table, const nlohmann::json& key) {
  const auto& [name, key_column] = audited(table);
  const std::string where = " WHERE " + std::string(key_column) + " = ?1";
  auto row = database_.prepare("SELECT * FROM " + std::string(name) + where);
  bind_key(row, 1, key);
  if (!row.step()) throw Error(Reason::internal, "no row of " + std::string(table) + " to bind to the audit log");
  event["table"] = table;
  event["row"] = key;
  event["row_sha256"] = row_sha256(row);
  row.reset();
  const auto leaf = append(std::move(event));
  auto update = database_.prepare("UPDATE " + std::string(name) + " SET leaf = ?2" + where);
  bind_key(update, 1, key);
  update.bind(2, leaf).run();
  return leaf;
}

std::int64_t AuditLog::append_dropped(nlohmann::json event, std::string_view table, const nlohmann::json& key) {
  event["table"] = audited(table).name;
  event["row"] = key;
  event["row_sha256"] = nullptr;
  return append(std::move(event));
}

void AuditLog::seal() {
  if (transaction_ != database_.transactions()) return;  // nothing was appended in this transaction
  database_.prepare("INSERT OR IGNORE INTO audit_head (size, root, frontier) VALUES (?, ?, ?)")
      .bind(1, size_)
      .bind(2, hex(root()))
      .bind(3, frontier_text(frontier_))
      .run();
}

std::int64_t AuditLog::size() const { return size_; }
Digest AuditLog::root() const { return frontier_root(frontier_); }

}  // namespace aidp
