// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "core/base/file.hpp"
#include "core/base/publish.hpp"
#include "core/base/text.hpp"
#include "jobs/sources/worklist.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
// Takes over how one part of a row ended where it is worse than what was seen so far.
void worsen(WorklistResult& result, bool& any, Outcome outcome, const std::optional<Reason>& reason, const std::string& message) {
  if (any && outcome <= result.outcome) return;
  any = true;
  result.outcome = outcome;
  result.reason = reason;
  result.message = message;
}

bool ended_well(const WorklistResult& result) { return result.outcome == Outcome::completed || result.outcome == Outcome::ineligible; }

HeaderIndex::Query query_of(const WorklistRow& row) {
  using enum WorklistKey;
  return {row[accession_number], row[patient_id], row[study_instance_uid], row[series_instance_uid], row[sop_instance_uid], row[path]};
}
}  // namespace

std::vector<WorklistResult> keep_what_rows_name(const Worklist& worklist, HeaderIndex& index, bool whole_series) {
  std::vector<WorklistResult> results(worklist.rows.size());
  std::vector<HeaderIndex::Query> queries;
  for (const auto& row : worklist.rows) queries.push_back(query_of(row));
  auto found_by_row = index.find(queries);
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& row = worklist.rows[i];
    const bool single = !whole_series && (!row[WorklistKey::sop_instance_uid].empty() || row.found == PathKind::file);
    for (auto& found : found_by_row[i]) {
      kept.push_back(found.id);
      if (single && !found.sop_uid.empty()) results[i].sops.insert(std::move(found.sop_uid));
      if (found.series_uid.empty())
        ++results[i].loose;
      else
        results[i].series.emplace(std::move(found.study_uid), std::move(found.series_uid));
    }
  }
  index.keep(kept, whole_series);
  return results;
}

void settle(std::vector<WorklistResult>& results, Recorder& recorder, const std::string& job_id) {
  std::vector<char> any(results.size());
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_series;
  std::map<std::string, std::vector<std::size_t>> by_sop;
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (const auto& series : results[i].series) by_series[series].push_back(i);
    for (const auto& sop : results[i].sops) by_sop[sop].push_back(i);
  }
  const auto take = [&](std::size_t i, const auto& record) {
    bool seen = any[i] != 0;
    worsen(results[i], seen, record.outcome, record.reason, record.message);
    any[i] = seen;
  };
  recorder.for_each_item(job_id, [&](const ItemRecord& item) {
    if (item.source == Source::superseded) return;
    if (const auto found = by_sop.find(item.sop_uid); found != by_sop.end())
      for (const auto i : found->second) take(i, item);
  });
  recorder.for_each_series(job_id, [&](const SeriesRecord& record) {
    if (const auto found = by_series.find({record.study_uid, record.series_uid}); found != by_series.end())
      for (const auto i : found->second)
        if (results[i].sops.empty() || any[i] == 0) take(i, record);
  });
  for (std::size_t i = 0; i < results.size(); ++i)
    if (any[i] == 0 && results[i].loose > 0) {
      results[i].reason = Reason::worklist_no_image;
      results[i].message = "none of the files that match the row is an image; see the ledger";
    }
}

fs::path write_worklist_results(const Worklist& worklist, const std::vector<WorklistResult>& results, const fs::path& out) {
  std::string table = "line,outcome,reason,message,studies,series\n", failed = worklist.head.empty() ? "" : worklist.head + "\n";
  bool any = false;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& result = results[i];
    std::set<std::string_view> studies;
    for (const auto& [study, series] : result.series) studies.insert(study);
    table += join({std::to_string(worklist.rows[i].line), std::string(name(result.outcome)),
                   result.reason ? std::string(name(*result.reason)) : "", csv_field(result.message), std::to_string(studies.size()),
                   std::to_string(result.series.size())},
                  ",") +
             "\n";
    if (ended_well(result)) continue;
    any = true;
    failed += worklist.rows[i].text + "\n";
  }
  publish(out / "worklist.csv", table, Overwrite::yes);
  const auto next = out / (worklist.head.empty() ? "worklist-failed.jsonl" : "worklist-failed.csv");
  if (any)
    publish(next, failed, Overwrite::yes);
  else
    fs::remove(next);
  return any ? next : fs::path();
}

}  // namespace aidp
