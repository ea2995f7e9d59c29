// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/source_watch.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <tuple>

#include "jobs/sources/look.hpp"

namespace aidp {

namespace {
// Reasons that say of a series only that it could not be read as it is.
constexpr std::array<std::string_view, 3> could_not_read{"dicom.unreadable", "dicom.changed", "series.incomplete"};
}  // namespace

SourceWatch::SourceWatch(const Plan& plan, Crew& dicom, bool whole_series, bool is_worklist, bool allow_gone)
    : plan_(plan), dicom_(dicom), whole_series_(whole_series), is_worklist_(is_worklist), allow_gone_(allow_gone) {
  for (const auto& file : plan.loose)
    if (file.reason == Reason::dicom_unreadable) unreadable_.insert(file.path);
  unreadable_.insert(plan.unlisted.begin(), plan.unlisted.end());
  if (allow_gone_ || plan.unlisted.empty()) return;
  doubt_ = plan.unlisted.front() + " cannot be listed";
  if (plan.unlisted.size() > 1) doubt_ += ", nor can " + std::to_string(plan.unlisted.size() - 1) + " more";
}

void SourceWatch::compare(Recorder& recorder, const std::string& job_id, const std::set<std::string>& seen) {
  if (is_worklist_) return;
  std::int64_t recorded = 0, gone = 0;
  std::vector<std::string> files;
  recorder.for_each_series(job_id, [&](const SeriesRecord& record) {
    const bool is_seen = seen.contains(series_key(record.study_uid, record.series_uid, record.path));
    if (record.series_uid.empty() && !is_seen && !unreadable(record.path)) files.push_back(record.path);
    if (record.series_uid.empty() || record.source != Source::present) return;
    ++recorded;
    gone += !is_seen && is_gone(record);
  });
  look_for(files);
  if (allow_gone_ || !doubt_.empty()) return;
  if (recorded > 0 && gone == recorded)
    doubt_ = recorded == 1 ? "the recorded series is gone from the inputs"
                           : "all " + std::to_string(recorded) + " recorded series are gone from the inputs";
}

// Files without a series that were recorded, and are none any more.
void SourceWatch::look_for(const std::vector<std::string>& files) {
  const auto found = look(dicom_, files);
  for (std::size_t i = 0; i < files.size(); ++i)
    if (found[i].kind != PathKind::unknown)
      there_.insert(files[i]);
    else if (!found[i].missing)
      unreadable_.insert(files[i]);
}

UnseenRows SourceWatch::unseen() const {
  return {whole_series_, [this](const ItemIdentity& row) { return item(row); }, [this](const SeriesRecord& row) { return series(row); }};
}

bool SourceWatch::unreadable(const std::string& path) const {
  if (unreadable_.empty()) return false;
  for (std::filesystem::path place = path; place.has_relative_path(); place = place.parent_path())
    if (unreadable_.contains(place.string())) return true;
  return unreadable_.contains("/");
}

const PlannedSeries* SourceWatch::planned(const std::string& study_uid, const std::string& series_uid) const {
  const auto uids = [](const PlannedSeries& series) { return std::tie(series.input.study_uid, series.input.series_uid); };
  const auto found = std::ranges::lower_bound(plan_.series, std::tie(study_uid, series_uid), {}, uids);
  return found != plan_.series.end() && uids(*found) == std::tie(study_uid, series_uid) ? &*found : nullptr;
}

// No item of this run stands in its place.
std::optional<Source> SourceWatch::item(const ItemIdentity& item) const {
  const auto* series = planned(item.study_uid, item.series_uid);
  if (series && series->refusal && series->items == 0)
    return std::ranges::find(could_not_read, name(*series->refusal)) == could_not_read.end() ? std::optional(Source::superseded)
                                                                                             : std::nullopt;
  if (is_worklist_ || !doubt_.empty() || unreadable(item.source_path)) return {};
  return Source::gone;
}

std::optional<Source> SourceWatch::series(const SeriesRecord& record) const {
  if (is_worklist_) return {};
  if (record.series_uid.empty() && there_.contains(record.path)) return Source::superseded;
  return doubt_.empty() && record.source == Source::present && is_gone(record) ? std::optional(Source::gone) : std::nullopt;
}

bool SourceWatch::is_gone(const SeriesRecord& record) const {
  return !unreadable(record.series_uid.empty() ? record.path : record.source_path);
}

}  // namespace aidp
