// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/store/database.hpp"

namespace aidp {

// The append-only Merkle log (RFC 6962 2.1, RFC 9162): leaf hash H(0x00 || data), node hash H(0x01 || left || right).
// One leaf per event; its data is canonical JSON (sorted keys, no spaces): {"event", "time", ...}. Leaves are written in the
// transaction of what they record. Without a head kept elsewhere nobody is stopped from rewriting the whole log: job.json and
// each report print the head. All of it throws what the store does (Database), and Error(audit_broken) where the newest head is damaged.
class AuditLog {
 public:
  explicit AuditLog(Database& database);
  // Reads the newest head anew. append() does it by itself, once in each transaction; needed before only by who uses size() first.
  void refresh();
  // Call inside a Transaction. Adds "time" if the event has none. Returns the leaf's index, from 0.
  std::int64_t append(nlohmann::json event);
  // The same for an event that leaves a row of an audited table as it now is: write the row first (any `leaf`), then this. The event gets
  // "table", "row" (`key`: the value of the primary key), "columns" (which are hashed) and "row_sha256"; the row's `leaf` is set. An
  // edited, deleted or added row is then found by verify_audit. Error(internal) without such a row.
  std::int64_t append_row(nlohmann::json event, std::string_view table, const nlohmann::json& key);
  // For a row that goes away for good: "row_sha256" is null. Delete the row in the same transaction.
  std::int64_t append_dropped(nlohmann::json event, std::string_view table, const nlohmann::json& key);
  // Writes the head (size, root) of all leaves so far: call once, last, in each transaction that appended.
  void seal();
  std::int64_t size() const;  // leaves
  Digest root() const;        // RFC 6962 Merkle tree hash of them all

 private:
  Database& database_;
  std::optional<Statement> insert_;
  std::int64_t transaction_ = -1;  // of which size_ and frontier_ are known
  std::int64_t size_ = 0;
  std::vector<Digest> frontier_;  // roots of the full subtrees, left to right
};

// What binds the statement's current row to its leaf: put it into the event as "row_sha256". append() makes of it "columns", the names of
// all columns but `leaf`, and "row_sha256", the SHA-256 (hex) of the canonical JSON object of these. A later schema may add columns.
nlohmann::json row_sha256(const Statement& row);
// The SHA-256 of those columns of the row (by position), as above.
std::string row_sha256(const Statement& row, std::span<const int> columns);
// Which table holds rows bound to leaves, and what its primary key is called.
struct AuditedTable {
  std::string_view name, key;
};
inline constexpr AuditedTable audited_tables[] = {
    {"job", "id"}, {"series", "id"}, {"item", "id"}, {"model", "digest"}, {"provenance", "id"}};

Digest merkle_leaf(std::string_view data);
Digest merkle_node(const Digest& left, const Digest& right);
Digest merkle_root(const std::vector<Digest>& leaves);  // of the empty list: SHA-256 of nothing

}  // namespace aidp
