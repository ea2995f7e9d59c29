// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "core/audit/frontier.hpp"
#include "core/audit/log.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr std::size_t most_findings = 10'000;

// One pass over the leaves (are they the log's, and does each row that they name still follow from them?), one over the rows
// (is each bound to a leaf that says the same?). Streams both; holds only rows that are gone until their drop is seen.
class Verifier {
 public:
  Verifier(Database& database, std::string expected_root, std::int64_t expected_size)
      : database_(database),
        heads_(database.prepare("SELECT size, root, frontier FROM audit_head ORDER BY size")),
        expected_root_(std::move(expected_root)),
        expected_size_(expected_size) {
    for (const auto& [name, key] : audited_tables)
      leaf_of_.emplace(name, database.prepare("SELECT leaf FROM " + std::string(name) + " WHERE " + std::string(key) + " = ?"));
  }

  AuditVerdict verify() {
    check_file();
    more_heads_ = heads_.step();
    check_expected();
    auto leaves = database_.prepare("SELECT seq, data, hash FROM audit_leaf ORDER BY seq");
    while (leaves.step()) check_leaf(leaves.integer(0), leaves.text(1), leaves.text(2));
    check_end();
    for (const auto& [table_and_row, leaf] : gone_)
      find(leaf, row_name(table_and_row.first, table_and_row.second) + " is missing: leaf " + std::to_string(leaf) +
                     " recorded it and none dropped it");
    for (const auto& table : audited_tables) check_rows(table);
    verdict_.leaves = size_;
    verdict_.root = hex(frontier_root(frontier_));
    if (hidden_ > 0) verdict_.findings.push_back({-1, "and " + std::to_string(hidden_) + " more findings"});
    return std::move(verdict_);
  }

 private:
  using TableAndRow = std::pair<std::string, json>;

  void find(std::int64_t leaf, std::string what) {
    if (verdict_.findings.size() < most_findings)
      verdict_.findings.push_back({leaf, std::move(what)});
    else
      ++hidden_;
  }

  static std::string row_name(std::string_view table, const json& row) {
    return std::string(table) + " " + (row.is_string() ? printable(row.get<std::string>()) : row.dump());
  }

  void check_file() {
    auto check = database_.prepare("PRAGMA quick_check(20)");
    while (check.step())
      if (check.text(0) != "ok") find(-1, "the database file is damaged: " + printable(check.text(0)));
  }

  void check_leaf(std::int64_t seq, const std::string& data, const std::string& hash) {
    if (seq != next_)
      find(next_, seq == next_ + 1 ? "leaf " + std::to_string(next_) + " is missing"
                                   : "leaves " + std::to_string(next_) + " to " + std::to_string(seq - 1) + " are missing");
    next_ = seq + 1;
    const Digest digest = merkle_leaf(data);
    frontier_add(frontier_, size_++, digest);
    if (hash == hex(digest))
      follow(seq, data);
    else
      find(seq, "leaf " + std::to_string(seq) + " was changed: its data does not have its hash");
    check_heads();
    check_expected();
  }

  void check_heads() {
    while (more_heads_ && heads_.integer(0) <= size_) {
      const bool same =
          heads_.integer(0) == size_ && heads_.text(1) == hex(frontier_root(frontier_)) && heads_.text(2) == frontier_text(frontier_);
      if (!same && wrong_heads_++ == 0)
        find(heads_.integer(0) - 1, "the log does not have the head stored for its first " + std::to_string(heads_.integer(0)) +
                                        " leaves: some were changed, removed, added or reordered");
      more_heads_ = heads_.step();
    }
  }

  void check_expected() {
    if (expected_root_.empty() || expected_seen_ || (expected_size_ >= 0 && expected_size_ != size_)) return;
    if (expected_root_ == hex(frontier_root(frontier_))) expected_seen_ = true;
  }

  void check_end() {
    for (; more_heads_; more_heads_ = heads_.step())
      find(size_, "a head of " + std::to_string(heads_.integer(0)) + " leaves is stored, but the log has " + std::to_string(size_) +
                      ": leaves were cut off");
    auto last = database_.prepare("SELECT max(size) FROM audit_head");
    last.step();
    if (size_ > 0 && last.integer(0) < size_)
      find(size_ - 1, "the newest head covers " + std::to_string(last.integer(0)) + " of " + std::to_string(size_) +
                          " leaves: leaves were added or heads removed");
    if (wrong_heads_ > 1) find(-1, std::to_string(wrong_heads_) + " stored heads are not those of the log");
    if (expected_size_ > size_)
      find(size_, "the expected head has " + std::to_string(expected_size_) + " leaves, but the log has " + std::to_string(size_));
    else if (!expected_root_.empty() && !expected_seen_)
      find(-1, "the log never had the expected head " + printable(expected_root_));
  }

  // The leaf a row points to now, or -1 where there is no such row.
  std::int64_t leaf_of(const std::string& table, const json& row) {
    auto& statement = leaf_of_.at(table);
    statement.reset();
    if (row.is_number_integer())
      statement.bind(1, row.get<std::int64_t>());
    else
      statement.bind(1, row.is_string() ? row.get<std::string>() : std::string{});
    return statement.step() ? statement.integer(0) : -1;
  }

  void follow(std::int64_t seq, const std::string& data) {
    const auto event = json::parse(data, nullptr, false);
    if (!event.is_object() || !event.contains("event")) return find(seq, "leaf " + std::to_string(seq) + " is no event");
    if (event.value("event", json{}) == "job.discarded") forget_job(seq, event);
    const auto table = event.contains("table") && event["table"].is_string() ? event["table"].get<std::string>() : std::string{};
    if (leaf_of_.find(table) == leaf_of_.end() || !event.contains("row")) return;
    const json& row = event["row"];
    const auto now = leaf_of(table, row);
    if (event.value("row_sha256", json{}).is_null()) {
      gone_.erase({table, row});
      if (now >= 0 && now < seq) find(seq, row_name(table, row) + " was dropped by leaf " + std::to_string(seq) + " but is there");
    } else if (now < 0) {
      gone_[{table, row}] = seq;
      job_of_gone_[{table, row}] = event.contains("job") && event["job"].is_string() ? event["job"].get<std::string>() : std::string{};
    } else if (now < seq) {
      find(seq, row_name(table, row) + " was put back from leaf " + std::to_string(seq) + " to its earlier leaf " + std::to_string(now));
    }
  }

  // A discarded job's items and series went with it, by one leaf.
  void forget_job(std::int64_t seq, const json& event) {
    const auto job = event.contains("job") && event["job"].is_string() ? event["job"].get<std::string>() : std::string{};
    std::erase_if(gone_, [&](const auto& entry) { return entry.first.first != "job" && job_of_gone_[entry.first] == job; });
    for (const std::string table : {"item", "series"}) {
      auto rows = database_.prepare("SELECT id FROM " + table + " WHERE job_id = ? AND leaf < ?");
      rows.bind(1, job).bind(2, seq);
      while (rows.step()) find(seq, row_name(table, rows.integer(0)) + " is there although its job was discarded");
    }
  }

  void check_rows(const AuditedTable& table) {
    const std::string name(table.name);
    auto rows = database_.prepare("SELECT * FROM " + name);
    auto leaf_data = database_.prepare("SELECT data FROM audit_leaf WHERE seq = ?");
    int key_column = 0, leaf_column = 0;
    for (int column = 0; column < rows.columns(); ++column) {
      if (rows.column_name(column) == table.key) key_column = column;
      if (rows.column_name(column) == "leaf") leaf_column = column;
    }
    while (rows.step()) {
      const json key = rows.type(key_column) == Statement::Type::integer ? json(rows.integer(key_column)) : json(rows.text(key_column));
      const auto leaf = rows.integer(leaf_column);
      leaf_data.reset();
      leaf_data.bind(1, leaf);
      const auto event = leaf_data.step() ? json::parse(leaf_data.text(0), nullptr, false) : json{};
      if (!event.is_object() || event.value("table", json{}) != name || event.value("row", json{}) != key)
        find(leaf, row_name(name, key) + " was added: leaf " + std::to_string(leaf) + " does not record it");
      else if (event.value("row_sha256", json{}) != row_sha256(rows))
        find(leaf, row_name(name, key) + " was changed: it is not what leaf " + std::to_string(leaf) + " recorded");
    }
  }

  Database& database_;
  Statement heads_;
  bool more_heads_ = false;
  std::string expected_root_;
  std::int64_t expected_size_;
  bool expected_seen_ = false;
  std::map<std::string, Statement, std::less<>> leaf_of_;
  std::map<TableAndRow, std::int64_t> gone_;
  std::map<TableAndRow, std::string> job_of_gone_;
  std::vector<Digest> frontier_;
  std::int64_t size_ = 0, next_ = 0, wrong_heads_ = 0, hidden_ = 0;
  AuditVerdict verdict_;
};
}  // namespace

AuditVerdict verify_audit(Database& database, const std::string& expected_root, std::int64_t expected_size) {
  // One view of the store, even while a job writes.
  database.execute("BEGIN");
  try {
    auto verdict = Verifier(database, expected_root, expected_size).verify();
    database.execute("COMMIT");
    return verdict;
  } catch (...) {
    database.execute("ROLLBACK");
    throw;
  }
}

}  // namespace aidp
