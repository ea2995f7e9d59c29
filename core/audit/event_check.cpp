// SPDX-License-Identifier: Apache-2.0
#include "core/audit/event_check.hpp"

#include <algorithm>
#include <array>

#include "core/audit/log.hpp"
#include "core/base/json.hpp"

namespace aidp {

namespace {
using nlohmann::json;

std::string text_of(const json& event, const char* key) {
  const auto value = event.find(key);
  return value != event.end() && value->is_string() ? value->get<std::string>() : std::string{};
}

// An outcome of an item or a series, as a run records it.
bool is_outcome(const std::string& name) {
  constexpr std::array outcomes{"completed", "ineligible", "quarantined", "failed"};
  const auto dot = name.find('.');
  return (name.starts_with("item.") || name.starts_with("series.")) && std::ranges::find(outcomes, name.substr(dot + 1)) != outcomes.end();
}

bool drops(const json& event) { return event.contains("row") && event.contains("row_sha256") && event["row_sha256"].is_null(); }
}  // namespace

EventCheck::EventCheck(Database& database, FileCheck& files, Findings& findings)
    : database_(database),
      files_(files),
      findings_(findings),
      discarded_(database.prepare("SELECT 1 FROM job WHERE id = ? AND state = 'discarded' AND leaf > ?")) {
  for (const auto& [name, key] : audited_tables)
    leaf_of_.emplace(name, database.prepare("SELECT leaf FROM " + std::string(name) + " WHERE " + std::string(key) + " = ?"));
}

std::int64_t EventCheck::leaf_of(const std::string& table, const json& row) {
  auto& statement = leaf_of_.at(table);
  if (row.is_number_integer())
    statement.bind(1, row.get<std::int64_t>());
  else
    statement.bind(1, row.is_string() ? row.get<std::string>() : std::string{});
  const auto leaf = statement.step() ? statement.integer(0) : -1;
  statement.reset();
  return leaf;
}

void EventCheck::follow(std::int64_t seq, const std::string& data) {
  const auto event = parse_json(data);
  const auto name = event && event->is_object() ? text_of(*event, "event") : std::string{};
  if (name.empty()) return findings_.add(seq, leaf_name(seq) + " is not an event");
  check_span(seq, name, *event);
  if (name == files_event) files_.expect(seq, *event);
  if (name == "job.discarded") forget_job(seq, text_of(*event, "job"));
  const auto table = text_of(*event, "table");
  if (leaf_of_.contains(table) && event->contains("row")) follow_row(seq, table, name, *event);
}

void EventCheck::follow_row(std::int64_t seq, const std::string& table, const std::string& name, const json& event) {
  const json& row = event["row"];
  const auto now = leaf_of(table, row);
  if (drops(event)) {
    gone_.erase({table, row});
    if (row.is_number_integer()) completed_.erase(row.get<std::int64_t>());
    if (now >= 0 && now < seq) findings_.add(seq, row_name(table, row) + " was dropped by " + leaf_name(seq) + " but is there");
  } else if (now < 0) {
    const auto job = text_of(event, "job");
    if (table == "job" || !is_discarded(job, seq)) gone_[{table, row}] = {seq, job};
  } else if (now < seq) {
    findings_.add(seq, row_name(table, row) + " was put back from " + leaf_name(seq) + " to its earlier " + leaf_name(now));
  }
  if (table == "item" && now >= 0) check_once(seq, name, event, now > seq);
}

void EventCheck::follow_drops(const std::string& data) {
  const auto event = parse_json(data);
  if (event && event->is_object() && drops(*event)) gone_.erase({text_of(*event, "table"), (*event)["row"]});
}

void EventCheck::check_span(std::int64_t seq, const std::string& name, const json& event) {
  const auto job = text_of(event, "job");
  if (name == "job.started" || name == "job.resumed")
    runs_[job] = true;
  else if (name.starts_with("job."))
    runs_[job] = false;
  else if (is_outcome(name) && !runs_[job])
    findings_.add(seq, leaf_name(seq) + " records an outcome (" + printable(name) + ") of job " + printable(job) + " while it did not run");
}

// A completed item stays as it is, unless a mask of it was lost and made again. Earlier schemas did not say so.
void EventCheck::check_once(std::int64_t seq, const std::string& name, const json& event, bool recorded_again) {
  const auto& key = event["row"];
  if (!key.is_number_integer() || !event.contains("columns")) return;
  const auto row = key.get<std::int64_t>();
  const auto job = text_of(event, "job");  // a discarded job's rows are gone, and their numbers are used again
  const auto before = completed_.find(row);
  if (before != completed_.end() && before->second.job == job && name == "item.completed" && !event.contains("made_again"))
    findings_.add(seq, row_name("item", key) + " was completed by " + leaf_name(before->second.leaf) + " and again by " + leaf_name(seq));
  if (!recorded_again)
    completed_.erase(row);
  else if (name == "item.completed")
    completed_[row] = {seq, job};
}

bool EventCheck::is_discarded(const std::string& job, std::int64_t after) {
  const bool is = discarded_.bind(1, job).bind(2, after).step();
  discarded_.reset();
  return is;
}

// A discarded job's items and series went with it, by one leaf.
void EventCheck::forget_job(std::int64_t seq, const std::string& job) {
  std::erase_if(gone_, [&](const auto& entry) { return entry.first.first != "job" && entry.second.job == job; });
  for (const std::string table : {"item", "series"}) {
    auto rows = database_.prepare("SELECT id FROM " + table + " WHERE job_id = ? AND leaf < ?");
    rows.bind(1, job).bind(2, seq);
    while (rows.step()) findings_.add(seq, row_name(table, rows.integer(0)) + " is there although its job was discarded");
  }
}

void EventCheck::finish() {
  for (const auto& [table_and_row, gone] : gone_)
    findings_.add(gone.leaf, row_name(table_and_row.first, table_and_row.second) + " is missing: " + leaf_name(gone.leaf) +
                                 " recorded it and none dropped it");
}

}  // namespace aidp
