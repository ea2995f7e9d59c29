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
#include "jobs/run/source_watch.hpp"

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
  // Commits what there is. A store that others are using is waited for, for minutes.
  void flush();
  // The same if it is due; a store that others are using is tried again later.
  void flush_if_due();
  // Of a resumed job, once all inputs are looked at: marks what of earlier runs is gone, back or superseded, as far as `watch` believes it.
  SourceChanges mark_unseen(SourceWatch& watch);

  std::int64_t items_done() const { return items_done_; }
  std::int64_t items_skipped() const { return items_skipped_; }
  // Of this run, whatever earlier runs have recorded.
  const std::map<std::string, std::int64_t>& item_outcomes() const { return item_outcomes_; }
  const std::map<std::string, std::int64_t>& series_outcomes() const { return series_outcomes_; }
  const std::map<std::string, std::int64_t>& file_outcomes() const { return file_outcomes_; }  // of loose files

 private:
  struct Open {
    std::size_t left = 0;
    SeriesRecord record;
  };
  std::size_t find_series(const std::string& study_uid, const std::string& series_uid) const;  // in the plan
  void end_item(std::size_t series, Outcome outcome, std::optional<Reason> reason, const std::string& message);
  void enter(SeriesRecord record);
  void clear();
  void start_clock();

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
  Clock::time_point due_{};  // when they are to be committed
  bool busy_ = false;        // the store was, when that was tried last
  std::vector<Digest> keys_;
  std::set<std::string> series_seen_;
  std::int64_t items_done_ = 0, items_skipped_ = 0;
  std::map<std::string, std::int64_t> item_outcomes_, series_outcomes_, file_outcomes_;
};

}  // namespace aidp
