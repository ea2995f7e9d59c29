// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/books.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace aidp {

namespace {
constexpr std::size_t rows_per_commit = 256;
constexpr std::chrono::seconds oldest_uncommitted{1};

std::string key_of(const SeriesRecord& record) { return series_key(record.study_uid, record.series_uid, record.path); }

std::string content_of(const SeriesRecord& record) {
  return std::string(name(record.outcome)) + "|" + (record.reason ? std::string(name(*record.reason)) : "") + "|" + record.message + "|" +
         std::to_string(record.instances);
}

SeriesRecord record_of(const PlannedSeries& series) {
  SeriesRecord record;
  record.study_uid = series.input.study_uid;
  record.series_uid = series.input.series_uid;
  record.instances = series.input.files;
  record.message = with_note(series.refusal ? series.message : series.left_out, series.note);
  if (!series.refusal) return record;
  record.outcome = series.outcome;
  record.reason = series.refusal;
  return record;
}
}  // namespace

Books::Books(Recorder& recorder, std::string job_id, bool resumed) : recorder_(recorder), job_id_(std::move(job_id)), resumed_(resumed) {
  recorder_.for_each_series(job_id_, [&](const SeriesRecord& record) { entered_.emplace(key_of(record), content_of(record)); });
}

void Books::expect(const Plan& plan, HeaderIndex& index) {
  plan_ = &plan;
  index_ = &index;
  for (const auto& series : plan.series) {
    if (series.items > 0) continue;
    enter(record_of(series));
    flush_if_due();
  }
  for (const auto& file : plan.loose) {
    SeriesRecord record;
    record.path = file.path;
    record.attributes = nlohmann::json::object();
    record.outcome = outcome_of(file);
    record.reason = file.reason;
    record.message = file.message;
    enter(std::move(record));
    flush_if_due();
  }
}

void Books::enter(SeriesRecord record) {
  ++(record.series_uid.empty() ? file_outcomes_ : series_outcomes_)[std::string(name(record.outcome))];
  if (resumed_) series_seen_.insert(key_of(record));
  const auto former = entered_.find(key_of(record));
  if (former != entered_.end() && former->second == content_of(record)) return;
  start_clock();
  if (record.path.empty()) {
    const auto& planned = plan_->series[find_series(record.study_uid, record.series_uid)];
    record.attributes = index_->attributes(planned.input, planned.speaks);
    record.source_path = index_->path(planned.input, planned.speaks);
  }
  series_.push_back(std::move(record));
}

std::size_t Books::find_series(const std::string& study_uid, const std::string& series_uid) const {
  const auto uids = [](const PlannedSeries& series) { return std::tie(series.input.study_uid, series.input.series_uid); };
  const auto found = std::ranges::lower_bound(plan_->series, std::tie(study_uid, series_uid), {}, uids);
  return static_cast<std::size_t>(found - plan_->series.begin());
}

void Books::end_item(std::size_t series, Outcome outcome, std::optional<Reason> reason, const std::string& message) {
  ++items_done_;
  ++item_outcomes_[std::string(name(outcome))];
  const auto& planned = plan_->series[series];
  auto found = open_.find(series);
  if (found == open_.end()) found = open_.emplace(series, Open{planned.items, record_of(planned)}).first;
  auto& record = found->second.record;
  if (outcome > record.outcome) {
    record.outcome = outcome;
    record.reason = reason;
    record.message = planned.left_out.empty() ? message : message + "; " + planned.left_out;
  }
  if (--found->second.left > 0) return;
  enter(std::move(record));
  open_.erase(found);
}

void Books::add(std::vector<ItemRecord> items, std::vector<FileRecord> files) {
  start_clock();
  for (auto& item : items) {
    end_item(find_series(item.study_uid, item.series_uid), item.outcome, item.reason, item.message);
    items_.push_back(std::move(item));
  }
  for (auto& file : files) files_.push_back(std::move(file));
}

void Books::skip(std::size_t first_item, std::size_t items) {
  for (std::size_t i = first_item; i < first_item + items; ++i) end_item(plan_->items[i].series, Outcome::completed, std::nullopt, {});
  items_skipped_ += static_cast<std::int64_t>(items);
}

void Books::start_clock() {
  if (items_.empty() && series_.empty()) due_ = Clock::now() + oldest_uncommitted;
}

void Books::clear() {
  items_.clear();
  series_.clear();
  files_.clear();
}

void Books::flush() {
  if (items_.empty() && series_.empty() && files_.empty()) return;
  recorder_.commit(job_id_, items_, series_, files_);
  clear();
}

// While a reader or another job keeps the store busy, the rows are kept and the pipeline goes on.
void Books::flush_if_due() {
  if (items_.empty() && series_.empty()) return;
  const auto now = Clock::now();
  if (now < due_ && (busy_ || items_.size() + series_.size() < rows_per_commit)) return;
  busy_ = !recorder_.try_commit(job_id_, items_, series_, files_);
  if (busy_)
    due_ = now + oldest_uncommitted;
  else
    clear();
}

SourceChanges Books::mark_unseen(SourceWatch& watch) {
  if (!resumed_) return {};
  std::ranges::sort(keys_);
  watch.compare(recorder_, job_id_, series_seen_);
  return recorder_.mark_sources(job_id_, keys_, series_seen_, watch.unseen());
}

}  // namespace aidp
