// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/audit/file_check.hpp"
#include "core/audit/findings.hpp"

namespace aidp {

// Whether what the leaves tell, one after the other, is a story that can be: do the rows that they name still follow from them, do items
// end while their job runs, and once? Holds the rows that are gone until their drop is told, and those that were recorded again.
class EventCheck {
 public:
  EventCheck(Database& database, FileCheck& files, Findings& findings);
  // The next leaf. Call within a Snapshot, in the log's order.
  void follow(std::int64_t seq, const std::string& data);
  // A leaf beyond those that are verified: it may tell where a row has gone meanwhile.
  void follow_drops(const std::string& data);
  bool waits() const { return !gone_.empty(); }
  void finish();  // rows that are gone for no reason

 private:
  using TableAndRow = std::pair<std::string, nlohmann::json>;
  struct Place {  // in the log
    std::int64_t leaf;
    std::string job;
  };
  // Where the row's leaf is now: -1 if there is no such row.
  std::int64_t leaf_of(const std::string& table, const nlohmann::json& row);
  void follow_row(std::int64_t seq, const std::string& table, const std::string& name, const nlohmann::json& event);
  void check_span(std::int64_t seq, const std::string& name, const nlohmann::json& event);
  void check_once(std::int64_t seq, const std::string& name, const nlohmann::json& event, bool recorded_again);
  void forget_job(std::int64_t seq, const std::string& job);
  bool is_discarded(const std::string& job, std::int64_t after);

  Database& database_;
  FileCheck& files_;
  Findings& findings_;
  std::map<std::string, Statement, std::less<>> leaf_of_;
  Statement discarded_;
  std::map<TableAndRow, Place> gone_;
  std::map<std::string, bool> runs_;                   // by job
  std::unordered_map<std::int64_t, Place> completed_;  // items that have a later leaf, by row: their last completion
};

}  // namespace aidp
