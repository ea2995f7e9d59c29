// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/output.hpp"
#include "cli/source_options.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
nlohmann::json json_of(const RunSummary& s) {
  auto plan = nlohmann::json::array();
  for (const auto& row : s.plan)
    plan.push_back({{"study_uid", row.study_uid},
                    {"series_uid", row.series_uid},
                    {"path", row.path},
                    {"instances", row.instances},
                    {"items", row.items},
                    {"eligible", row.eligible},
                    {"reason", row.reason},
                    {"message", row.message}});
  return {{"type", "summary"},
          {"schema", "aidp.run/1"},
          {"job", s.job_id},
          {"model", s.model},
          {"model_digest", s.model_digest},
          {"device", s.device},
          {"out", s.out.string()},
          {"resumed", s.resumed},
          {"files", s.files},
          {"headers_read", s.headers_read},
          {"scan_seconds", s.scan_seconds},
          {"rows", s.row_outcomes},
          {"worklist_failed", s.worklist_failed.string()},
          {"series", s.series},
          {"items", s.items},
          {"skipped_as_done", s.skipped_as_done},
          {"item_outcomes", s.item_outcomes},
          {"series_outcomes", s.series_outcomes},
          {"file_outcomes", s.file_outcomes},
          {"reasons", s.reasons},
          {"seconds", s.seconds},
          {"items_per_second", s.items_per_second},
          {"audit_size", s.audit_size},
          {"audit_root", s.audit_root},
          {"exit", static_cast<int>(s.exit)},
          {"plan", plan}};
}

std::string counts(const std::map<std::string, std::int64_t>& numbers) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : numbers) parts.push_back(std::to_string(count) + " " + name);
  return parts.empty() ? "none" : join(parts, ", ");
}

class Run : public Command {
 public:
  std::string name() const override { return "run"; }
  std::string summary() const override { return "Run a model over DICOM files and folders"; }
  std::string details() const override {
    return "Scans the paths, selects series by the model's rules, decodes, infers and writes results.csv, results.jsonl, results.h5, "
           "ledger.csv and masks into DIR. Every "
           "series ends completed, ineligible, quarantined or failed, with a reason. Ctrl-C finishes what is under way; the same command "
           "again resumes, and does anew what "
           "has changed since. DIR and the store may lie below the paths; they are not scanned. A worklist names images by "
           "AccessionNumber, PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID or path, a row each; worklist.csv says "
           "how each row ended, by its line, and worklist-failed.csv holds the rows to try again. Headers of files that have not changed "
           "since any "
           "run of this store are not read again. A job belongs to one version of a model: "
           "a nightly run names MODEL@VERSION, and after an upgrade a new DIR. Another --device or --batch resumes the same job; its "
           "values may then differ in the last bits, and each item says its device.";
  }
  std::vector<std::string> examples() const override {
    return {"aidp run lung-nodule-2d /data/ct --out results", "aidp run lung-nodule-2d /archive --worklist accessions.csv --out results",
            "aidp run lung-nodule-2d /data/ct --out results --dry-run",
            "aidp run lung-nodule-2d /data/ct --out results --device cuda:0 --batch 64"};
  }
  void setup(CLI::App& app) override {
    app.add_option("MODEL", request_.model, "Name, name@version, or the beginning of a digest")->required();
    sources_.setup(app);
    app.add_option("--out", out_, "Output folder; one job each")->required();
    app.add_option("--batch", request_.batch, "Items in one forward pass; 0: as the model says")->capture_default_str();
    app.add_option("--site", request_.site, "Name of this site, for the reports");
    app.add_flag("--fresh", request_.fresh, "Start over instead of resuming");
    app.add_flag("--dry-run", request_.dry_run, "Say what would be done and write nothing");
    app.add_flag("--allow-empty", request_.allow_empty, "Exit 0 where nothing matched");
    app.add_flag("--partial-ok", partial_ok_, "Exit 0 where some items failed or were quarantined");
  }
  Exit run(const Globals& globals) override {
    static_cast<Sources&>(request_) = sources_.read(find_home(globals.home));
    request_.out = out_;
    if (request_.batch < 0 || request_.batch > 4096)
      throw Error(Reason::usage, "--batch takes 0 to 4096", "leave it out for the model's own");
    RunSummary summary;
    {
      const auto progress = make_progress(globals);
      summary = aidp::run(request_, *progress);
    }
    const auto exit = summary.exit == Exit::partial && partial_ok_ ? Exit::ok : summary.exit;
    if (globals.json())
      print_json(json_of(summary));
    else if (!globals.quiet || exit == Exit::partial)
      print(summary);
    refuse(summary);
    if (!summary.job_id.empty()) print_next(globals, "aidp report surveillance --format html --out report.html");
    return exit;
  }

 private:
  void print(const RunSummary& s) const {
    const bool begun = !s.job_id.empty();
    std::vector<std::vector<std::string>> table{
        {"model", s.model + "  " + s.model_digest.substr(0, 12)},
        {"input", std::to_string(s.files) + " files, " + std::to_string(s.series) + " series, " + std::to_string(s.items) + " items"},
        {"headers", std::to_string(s.headers_read) + " read in " + fixed(s.scan_seconds, 1) + " s"},
        {"series", counts(s.series_outcomes)}};
    if (!s.file_outcomes.empty()) table.push_back({"other files", counts(s.file_outcomes)});
    if (!s.row_outcomes.empty()) table.push_back({"worklist", counts(s.row_outcomes)});
    if (!s.worklist_failed.empty()) table.push_back({"failed rows", s.worklist_failed.string()});
    if (!s.reasons.empty()) table.push_back({"reasons", counts(s.reasons)});
    if (begun) {
      table.push_back(
          {"items", counts(s.item_outcomes) + (s.skipped_as_done > 0 ? " (" + std::to_string(s.skipped_as_done) + " done before)" : "")});
      table.push_back({"speed", fixed(s.items_per_second, 1) + " items/s on " + (s.device.empty() ? "-" : s.device) + ", " +
                                    fixed(s.seconds, 1) + " s"});
      table.push_back({"output", s.out.string()});
      table.push_back({"audit", std::to_string(s.audit_size) + " leaves, root " + s.audit_root.substr(0, 16)});
    }
    print_table(table);
  }

  // What ended without a result is told as an error, beside its summary.
  static void refuse(const RunSummary& s) {
    if (s.exit == Exit::nothing)
      throw Error(Reason::nothing_matched,
                  "nothing matched: " + s.model + " takes none of the " + std::to_string(s.series) + " series in " +
                      std::to_string(s.files) + " files",
                  "see `aidp validate input` for why, or give --allow-empty");
    if (s.exit == Exit::interrupted || s.exit == Exit::terminated)
      throw Error(s.exit == Exit::interrupted ? Reason::interrupted : Reason::terminated, "stopped before the end",
                  "the same command again resumes");
  }

  RunRequest request_;
  SourceOptions sources_;
  std::string out_;
  bool partial_ok_ = false;
};
}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<Run>(); }

}  // namespace aidp
