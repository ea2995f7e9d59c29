// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "core/results/record.hpp"
#include "jobs/plan/plan.hpp"
#include "jobs/process/crew.hpp"

namespace aidp {

// What a resumed job has recorded beside what this run has found: which sources are gone, and whether that may be believed. A share that is
// not mounted looks like an empty folder.
class SourceWatch {
 public:
  // `is_worklist`: the plan holds only what a worklist names, and tells nothing of other rows. `allow_gone`: what is not there is gone.
  SourceWatch(const Plan& plan, Crew& dicom, bool whole_series, bool is_worklist, bool allow_gone);

  // Compares with what the job has recorded, and has the files that are not seen any more looked for; `seen`: series_key() of this run's
  // ledger rows.
  void compare(Recorder& recorder, const std::string& job_id, const std::set<std::string>& seen);

  // Why nothing is marked as gone, in words; empty: the inputs can be believed.
  const std::string& doubt() const { return doubt_; }
  // Valid while the plan lives.
  UnseenRows unseen() const;

 private:
  std::optional<Source> item(const ItemIdentity& item) const;
  std::optional<Source> series(const SeriesRecord& record) const;
  const PlannedSeries* planned(const std::string& study_uid, const std::string& series_uid) const;
  bool unreadable(const std::string& path) const;  // itself, or a folder above it
  bool is_gone(const SeriesRecord& record) const;

  void look_for(const std::vector<std::string>& files);

  const Plan& plan_;
  Crew& dicom_;
  bool whole_series_, is_worklist_, allow_gone_;
  std::set<std::string> unreadable_, there_;
  std::string doubt_;
};

}  // namespace aidp
