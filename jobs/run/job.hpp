// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/process/workforce.hpp"
#include "jobs/run/books.hpp"
#include "jobs/run/output_folder.hpp"
#include "jobs/run/tables.hpp"

namespace aidp {

// Everything of one job between the claimed output folder and the written results. The folder is locked while it lives.
class Job {
 public:
  Job(const RunRequest& request, const Package& package, const std::string& device, Recorder& recorder, ProgressSink& progress);

  RunSummary run(Workforce& workforce, Plan plan, HeaderIndex& index);
  // Stopped before its inputs were known: says so in its outputs, whose tables are as an earlier run has left them.
  RunSummary interrupt();
  // Leaves what was done in the store and in the tables, and says that the job has failed, as far as the error that ended it lets us.
  void fail(Workforce& workforce) noexcept;

 private:
  void process(Workforce& workforce, HeaderIndex& index);
  void settle_rows(RunSummary& summary);
  void show(const std::string& phase);
  RunSummary summarise();
  void end(const std::string& state, const nlohmann::json& summary);
  void write(Workforce& workforce, RunSummary& summary);

  const RunRequest& request_;
  const Package& package_;
  ProgressSink& progress_;
  Recorder& recorder_;
  ClaimedOutput claimed_;
  Books books_;
  std::string device_;
  std::vector<OutputColumn> outputs_;
  Plan plan_;
  JobState state_;
  SourceChanges changes_;
  std::string doubt_;
  Clock::time_point started_ = Clock::now();
};

// What a plan says before anything of it is done.
RunSummary summary_of(const Package& package, const Plan& plan);
Exit exit_of(const RunSummary& summary, bool allow_empty);

}  // namespace aidp
