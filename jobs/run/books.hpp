// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/results/record.hpp"
#include "jobs/plan/plan.hpp"
#include "jobs/process/crew.hpp"

namespace aidp {

// Keeps the books of one run: which items of a series have ended and how, and commits what has ended in groups that are at most
// a second old. A series enters the ledger when its last item has ended, with the outcome of its worst.
class Books {
 public:
  // `resumed`: earlier runs may have entered what this one does not see.
  Books(Recorder& recorder, std::string job_id, bool resumed);

  // Enters every series and loose file that has no items; waits for the others.
  void expect(const Plan& plan, HeaderIndex& index);
  void add(std::vector<ItemRecord> items, std::vector<FileRecord> files);
  void skip(std::size_t first_item, std::size_t items);  // done by an earlier run
  void saw(std::vector<Digest> keys) { keys_ = std::move(keys); }
  void flush();
  void flush_if_due();
  // Drops from the store what an earlier run entered and this one did not see: its input is gone or has changed.
  void keep_only_seen();

  std::int64_t items_done() const { return items_done_; }
  std::int64_t items_skipped() const { return items_skipped_; }
  const std::map<std::string, std::int64_t>& item_outcomes() const { return item_outcomes_; }
  const std::map<std::string, std::int64_t>& series_outcomes() const { return series_outcomes_; }
  const std::map<std::string, std::int64_t>& file_outcomes() const { return file_outcomes_; }  // of loose files
  const std::map<std::string, std::int64_t>& reasons() const { return reasons_; }              // of both

 private:
  struct Open {
    std::size_t left = 0;
    SeriesRecord record;
  };
  std::size_t find_series(const std::string& study_uid, const std::string& series_uid) const;  // in the plan
  void end_item(std::size_t series, Outcome outcome, std::optional<Reason> reason, const std::string& message);
  void enter(SeriesRecord record);
  void clear();

  Recorder& recorder_;
  std::string job_id_;
  const Plan* plan_ = nullptr;
  HeaderIndex* index_ = nullptr;
  bool resumed_;
  std::map<std::size_t, Open> open_;            // of which some items have ended, by index in Plan::series
  std::map<std::string, std::string> entered_;  // what earlier runs entered: key to content
  std::vector<ItemRecord> items_;
  std::vector<SeriesRecord> series_;
  std::vector<FileRecord> files_;
  Clock::time_point oldest_{}, not_before_{};  // of the uncommitted rows; of the next try after a busy store
  std::vector<Digest> keys_;
  std::set<std::string> series_seen_;
  std::int64_t items_done_ = 0, items_skipped_ = 0;
  std::map<std::string, std::int64_t> item_outcomes_, series_outcomes_, file_outcomes_, reasons_;
};

}  // namespace aidp
