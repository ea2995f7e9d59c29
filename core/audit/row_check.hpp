// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/audit/findings.hpp"
#include "core/audit/log.hpp"
#include "core/store/schema_check.hpp"

namespace aidp {

// Whether each row of one audited table is what its leaf says.
class RowCheck {
 public:
  RowCheck(Database& database, const AuditedTable& table, Findings& findings);
  // The next rows. False: there are no more. Call within a Snapshot.
  bool check_some(int at_most);
  std::int64_t rows() const { return seen_; }

 private:
  // Which columns of a row a leaf hashes, and those that it does not, being older than they are.
  struct Binding {
    nlohmann::json names;
    std::vector<int> columns, unbound;
  };
  void check(const nlohmann::json& key, std::int64_t leaf);
  void check_unbound(const nlohmann::json& key);
  // Nothing: it names a column that is not there.
  bool bind(const nlohmann::json& names);

  Database& database_;
  Findings& findings_;
  std::string table_;
  Statement rows_, leaf_data_;
  std::map<std::string, int> column_;  // by name
  std::map<std::string, ColumnDefault> defaults_;
  nlohmann::json first_columns_;    // of leaves that name none
  std::optional<Binding> binding_;  // of the last leaf: mostly the next one's too
  int key_ = 0, leaf_ = 0;
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min(), seen_ = 0;
};

}  // namespace aidp
