// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/forget.hpp"

#include <iostream>

#include "cli/output.hpp"
#include "core/base/counted.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
class Forget : public Command {
 public:
  std::string name() const override { return "forget"; }
  std::string summary() const override { return "Delete recorded results for good, with a reason"; }
  std::string details() const override {
    return "Results stay in the store, in results.csv and in the reports when their images go. Only this command deletes them, with "
           "their masks, and writes the job's tables again. The audit log records that it happened, why, and who did it. Anything still "
           "among the inputs is recorded again by the next run. The store keeps the paths, sizes and SHA-256 of the files that were "
           "read, as the audit log is bound to them; headers.db, the cache of headers beside the store, is not changed and may be "
           "deleted while no job runs.";
  }
  std::vector<std::string> examples() const override {
    return {"aidp forget results --study 1.2.826.0.1.3680043.8.498.1 --reason \"the patient has opted out\"",
            "aidp forget results --gone-before 2025-01-01 --reason \"kept for eight years\" --dry-run"};
  }
  void setup(CLI::App& app) override {
    app.add_option("JOB", request_.job, "Output folder of the job, or the beginning of its id")->required();
    auto* study = app.add_option("--study", request_.filter.study_uid, "Results of this StudyInstanceUID");
    auto* series = app.add_option("--series", request_.filter.series_uid, "Results of this SeriesInstanceUID");
    auto* gone =
        app.add_option("--gone-before", gone_before_, "Results whose source has been gone or superseded since before this day (UTC)");
    auto* all = app.add_flag("--all", all_, "All results of the job");
    for (auto* one : {study, series, gone}) all->excludes(one);
    app.add_option("--reason", request_.reason, "Why, for the audit log; name no patient")->required();
    app.add_flag("--dry-run", request_.dry_run, "Show what would be deleted; delete nothing");
  }
  Exit run(const Globals& globals) override {
    if (!all_ && request_.filter.study_uid.empty() && request_.filter.series_uid.empty() && gone_before_.empty())
      throw Error(Reason::usage, "no results are selected", "give --study, --series, --gone-before or --all");
    if (trim(request_.reason).empty()) throw Error(Reason::usage, "--reason is empty", "say why, in a few words");
    if (!gone_before_.empty()) request_.filter.gone_before = parse_time(gone_before_);
    request_.home = find_home(globals.home);
    const auto done = forget(request_);
    if (globals.json())
      print_json({{"type", "forgotten"},
                  {"schema", "aidp.forget/1"},
                  {"job", done.job.id},
                  {"out", done.job.out},
                  {"dry_run", request_.dry_run},
                  {"items", done.rows.items},
                  {"series", done.rows.series},
                  {"files", done.rows.artefacts.size()},
                  {"present", done.rows.present}});
    else
      print(done);
    return Exit::ok;
  }

 private:
  void print(const ForgetSummary& done) const {
    const std::string verb = request_.dry_run ? "would delete " : "deleted ";
    std::cout << verb << counted(done.rows.items, "result") << ", " << counted(done.rows.series, "row") << " of the ledger and "
              << counted(static_cast<std::int64_t>(done.rows.artefacts.size()), "file") << " of " << printable(done.job.out) << "\n";
    if (done.rows.present > 0)
      std::cout << done.rows.present << " of these results still have their source among the inputs; the next run records them again\n";
  }

  ForgetRequest request_;
  std::string gone_before_;
  bool all_ = false;
};
}  // namespace

std::unique_ptr<Command> make_forget() { return std::make_unique<Forget>(); }

}  // namespace aidp
