// SPDX-License-Identifier: Apache-2.0
#include "core/audit/verify.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "core/audit/event_check.hpp"
#include "core/audit/file_check.hpp"
#include "core/audit/frontier.hpp"
#include "core/audit/row_check.hpp"
#include "core/base/error.hpp"

namespace aidp {

namespace {
constexpr int leaves_per_piece = 500, rows_per_piece = 500;
constexpr std::chrono::minutes patience{10};  // where a job writes much
constexpr auto before_all = std::numeric_limits<std::int64_t>::min();

// One pass over the leaves, one over the rows. All of it in pieces, each of which sees the store at one moment.
class Verifier {
 public:
  Verifier(Database& database, std::vector<KnownHead> known, const std::function<void(std::int64_t, std::int64_t)>& progress)
      : database_(database), busy_(database, patience), known_(std::move(known)), progress_(progress) {
    std::ranges::stable_sort(known_, {}, &KnownHead::size);
  }

  AuditVerdict verify() {
    try {
      if (check_schema()) check_all();
    } catch (const Error& error) {
      if (error.reason() != Reason::store_damaged) throw;
      findings_.add(-1, std::string("the database file is damaged: ") + error.what());
    }
    verdict_.leaves = size_;
    verdict_.root = hex(frontier_root(frontier_));
    verdict_.findings = findings_.take();
    return std::move(verdict_);
  }

 private:
  struct Head {
    std::int64_t size;
    std::string root, frontier;
  };

  // False: tables are not ours, so nothing can be read from them.
  bool check_schema() {
    const auto differences = schema_differences(database_);
    for (const auto& difference : differences) findings_.add(-1, difference);
    return std::ranges::none_of(differences, [](const auto& difference) {
      return difference.starts_with("the table ") && !difference.ends_with(" was added to the schema");
    });
  }

  void check_all() {
    fix_end();
    check_database();
    FileCheck files(database_, findings_);
    EventCheck events(database_, files, findings_);
    check_leaves(events);
    check_end();
    follow_later_drops(events);
    events.finish();
    for (const auto& table : audited_tables) {
      RowCheck rows(database_, table, findings_);
      in_pieces([&] { return rows.check_some(rows_per_piece); }, [&] { return rows.rows(); });
      verdict_.rows[std::string(table.name)] = rows.rows();
    }
    in_pieces([&] { return files.check_some(end_, rows_per_piece); }, [&] { return files.rows(); });
    files.finish();
    verdict_.rows["file"] = files.rows();
  }

  template <class Check, class Rows>
  void in_pieces(const Check& check, const Rows& rows) {
    for (bool more = true; more; report(done_ + rows())) {
      const Snapshot piece(database_);
      more = check();
    }
    done_ += rows();
  }

  void report(std::int64_t done) {
    if (progress_) progress_(done, total_);
  }

  std::int64_t integer(const std::string& sql) {
    auto row = database_.prepare(sql);
    row.step();
    return row.integer(0);
  }

  // What is appended later is the next verification's.
  void fix_end() {
    const Snapshot now(database_);
    end_ = integer("SELECT coalesce(max(seq) + 1, 0) FROM audit_leaf");
    newest_head_ = integer("SELECT coalesce(max(size), 0) FROM audit_head");
    total_ = end_;
    for (const auto& table : audited_tables) total_ += integer("SELECT count(*) FROM " + std::string(table.name));
  }

  // Every page, and every index beside its table: what an index does not show, no lookup finds.
  void check_database() {
    std::vector<std::string> tables{"audit_leaf", "audit_head", "file"};
    for (const auto& table : audited_tables) tables.emplace_back(table.name);
    for (const auto& table : tables) {
      auto check = database_.prepare("PRAGMA integrity_check(" + table + ")");
      while (check.step())
        if (check.text(0) != "ok") findings_.add(-1, "the database file is damaged: " + printable(check.text(0)));
    }
  }

  void check_leaves(EventCheck& events) {
    auto leaves = database_.prepare("SELECT seq, data, hash FROM audit_leaf WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?");
    auto heads = database_.prepare("SELECT size, root, frontier FROM audit_head WHERE size > ? AND size <= ? ORDER BY size");
    std::int64_t last = before_all, last_head = before_all;
    check_known();
    in_pieces(
        [&] {
          heads.bind(1, last_head).bind(2, size_ + leaves_per_piece);
          last_head = size_ + leaves_per_piece;
          while (heads.step()) heads_.push_back({heads.integer(0), heads.text(1), heads.text(2)});
          heads.reset();
          leaves.bind(1, last).bind(2, end_).bind(3, leaves_per_piece);
          int seen = 0;
          for (; leaves.step(); ++seen) {
            last = leaves.integer(0);
            check_leaf(events, last, leaves.text(1), leaves.text(2));
          }
          leaves.reset();
          return seen == leaves_per_piece;
        },
        [&] { return size_; });
  }

  void check_leaf(EventCheck& events, std::int64_t seq, const std::string& data, const std::string& hash) {
    if (seq != next_)
      findings_.add(next_, seq == next_ + 1 ? leaf_name(next_) + " is missing"
                                            : "leaves " + std::to_string(next_) + " to " + std::to_string(seq - 1) + " are missing");
    next_ = seq + 1;
    const Digest digest = merkle_leaf(data);
    frontier_add(frontier_, size_++, digest);
    if (hash == hex(digest))
      events.follow(seq, data);
    else
      findings_.add(seq, leaf_name(seq) + " was changed: its data does not have its hash");
    check_heads();
    check_known();
  }

  void check_heads() {
    for (; !heads_.empty() && heads_.front().size <= size_; heads_.pop_front()) {
      const auto& head = heads_.front();
      if (head.size == size_ && head.root == hex(frontier_root(frontier_)) && head.frontier == frontier_text(frontier_)) continue;
      if (wrong_heads_++ == 0)
        findings_.add(head.size - 1, "the log does not have the head stored for its first " + std::to_string(head.size) +
                                         " leaves: some were changed, removed, added or reordered");
    }
  }

  void check_known() {
    for (; known_seen_ < known_.size() && known_[known_seen_].size <= size_; ++known_seen_) {
      const auto& head = known_[known_seen_];
      if (head.size == size_ && head.root == hex(frontier_root(frontier_))) continue;
      findings_.add(-1, "the log of " + std::to_string(head.size) + " leaves never had the root " + printable(head.root) + " of " +
                            printable(head.where));
    }
  }

  void check_end() {
    if (newest_head_ > size_)
      findings_.add(size_, "a head of " + std::to_string(newest_head_) + " leaves is stored, but the log has " + std::to_string(size_) +
                               ": leaves were cut off");
    if (newest_head_ < size_)
      findings_.add(size_ - 1, "the newest head covers " + std::to_string(newest_head_) + " of " + std::to_string(size_) +
                                   " leaves: leaves were added or heads removed");
    if (wrong_heads_ > 1) findings_.add(-1, std::to_string(wrong_heads_) + " stored heads are not those of the log");
    for (; known_seen_ < known_.size(); ++known_seen_)
      findings_.add(size_, printable(known_[known_seen_].where) + " is of " + std::to_string(known_[known_seen_].size) +
                               " leaves, but the log has " + std::to_string(size_) + ": leaves were cut off");
  }

  // A row may have been dropped since the end was fixed.
  void follow_later_drops(EventCheck& events) {
    auto leaves = database_.prepare("SELECT seq, data FROM audit_leaf WHERE seq > ? ORDER BY seq LIMIT ?");
    auto last = end_ - 1;
    for (bool more = events.waits(); more;) {
      const Snapshot piece(database_);
      leaves.bind(1, last).bind(2, leaves_per_piece);
      int seen = 0;
      for (; leaves.step(); ++seen) {
        last = leaves.integer(0);
        events.follow_drops(leaves.text(1));
      }
      leaves.reset();
      more = seen == leaves_per_piece && events.waits();
    }
  }

  Database& database_;
  const BusyWait busy_;
  std::vector<KnownHead> known_;  // by size
  std::size_t known_seen_ = 0;
  const std::function<void(std::int64_t, std::int64_t)>& progress_;
  Findings findings_;
  std::deque<Head> heads_;  // stored for what the piece reads
  std::vector<Digest> frontier_;
  std::int64_t end_ = 0, newest_head_ = 0, size_ = 0, next_ = 0, wrong_heads_ = 0, done_ = 0, total_ = 0;
  AuditVerdict verdict_;
};
}  // namespace

AuditVerdict verify_audit(Database& database, std::vector<KnownHead> known,
                          const std::function<void(std::int64_t, std::int64_t)>& progress) {
  return Verifier(database, std::move(known), progress).verify();
}

}  // namespace aidp
