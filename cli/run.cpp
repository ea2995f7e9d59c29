// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/output.hpp"
#include "cli/source_options.hpp"
#include "core/base/counted.hpp"
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
          {"purpose", s.purpose},
          {"resumed", s.resumed},
          {"files", s.files},
          {"headers_read", s.headers_read},
          {"scan_seconds", s.scan_seconds},
          {"rows", s.row_outcomes},
          {"worklist_failed", s.worklist_failed.string()},
          {"series", s.series},
          {"items", s.items},
          {"skipped_as_done", s.skipped_as_done},
          {"item_outcomes", s.rows.items},
          {"series_outcomes", s.rows.series},
          {"file_outcomes", s.rows.files},
          {"reasons", s.rows.reasons},
          {"sources",
           {{"gone", s.rows.gone},
            {"superseded", s.rows.superseded},
            {"gone_now", s.changes.gone},
            {"back_now", s.changes.back},
            {"superseded_now", s.changes.superseded},
            {"doubt", s.doubt}}},
          {"discarded", s.discarded},
          {"seconds", s.seconds},
          {"items_per_second", s.items_per_second},
          {"audit_size", s.audit_size},
          {"audit_root", s.audit_root},
          {"exit", static_cast<int>(s.exit)},
          {"plan", plan}};
}

// "3 gone (2 since this run), 1 superseded", or empty.
std::string sources_text(const RunSummary& s) {
  std::vector<std::string> parts;
  const auto add = [&](std::int64_t all, std::int64_t now, const char* what) {
    if (all > 0) parts.push_back(std::to_string(all) + " " + what + (now > 0 ? " (" + std::to_string(now) + " since this run)" : ""));
  };
  add(s.rows.gone, s.changes.gone, "gone");
  add(s.rows.superseded, s.changes.superseded, "superseded");
  if (s.changes.back > 0) parts.push_back(std::to_string(s.changes.back) + " back again");
  return join(parts, ", ");
}

std::string counts(const std::map<std::string, std::int64_t>& numbers) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : numbers) parts.push_back(std::to_string(count) + " " + name);
  return parts.empty() ? "none" : join(parts, ", ");
}

std::int64_t count_of(const std::map<std::string, std::int64_t>& numbers, const std::string& name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

// Whether there is a result, and this run added one if it had anything to do: if all that it tried failed, no part of it is fine.
bool completed_any(const RunSummary& s) {
  const auto completed = count_of(s.rows.items, "completed");
  return completed > 0 && (s.items == s.skipped_as_done || completed > s.skipped_as_done);
}

// On stderr, with --quiet too, for cron and the journal.
void tell_of_partial(const RunSummary& s, const Globals& globals) {
  if (globals.json()) return;
  const auto bad = [](const auto& numbers) { return count_of(numbers, "failed") + count_of(numbers, "quarantined"); };
  std::cerr << "aidp: " << (completed_any(s) ? "" : "nothing new completed: ") << bad(s.rows.items) << " items, " << bad(s.rows.series)
            << " series and " << bad(s.rows.files) << " other files failed or were quarantined\n";
  const auto rows = bad(s.row_outcomes);
  if (rows > 0)
    std::cerr << "aidp: " << counted(rows, "row") << " of the worklist failed, " << (rows == 1 ? "was" : "were")
              << " quarantined or not found\n";
  std::cerr << "Next: see " << printable((s.out / "ledger.csv").string()) << (rows > 0 ? " and worklist.csv" : "") << ", which says why\n";
}

class Run : public Command {
 public:
  std::string name() const override { return "run"; }
  std::string summary() const override { return "Run a model over DICOM files and folders"; }
  std::string details() const override {
    return "Scans the paths, selects series by the model's rules, decodes them, runs the model and writes results.csv, results.jsonl, "
           "results.h5, ledger.csv and masks into the output folder. Every series ends completed, ineligible, quarantined or failed, "
           "with a reason. Ctrl-C lets the items under way finish; the same command resumes, and reprocesses what has changed. Results "
           "stay when their images go, and are marked; if all are gone, or a folder cannot be listed, nothing is marked and the exit "
           "status is 3, as the share may not be mounted. The output folder and the store may lie below the paths; they are not scanned. "
           "A worklist names images by AccessionNumber, PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID or path, one row "
           "each; worklist.csv says how each row ended, by its line, and worklist-failed.csv holds the rows to try again. Headers of "
           "files that have not changed since an earlier run of this store are not read again. A job belongs to one version of a model: "
           "for nightly runs name MODEL@VERSION, and after an upgrade give a new output folder. Another --device or --batch resumes the "
           "same job; its values may then differ in the last bits, and each item records its device. A file without StudyInstanceUID, "
           "SeriesInstanceUID or SOPInstanceUID is quarantined. With --group-by-folder the files of one folder that lack them are one "
           "series of one study: UIDs are made of the folder's path from the inputs on, and of the file's name, so that the same place "
           "gives the same UIDs; each result says so. What differs in PatientID, AccessionNumber, StudyDate, StudyTime, PatientSex or "
           "PatientAge is no series. A job is with this option or without it.";
  }
  std::vector<std::string> examples() const override {
    return {"aidp run lung-nodule-2d /data/ct --out results", "aidp run lung-nodule-2d /archive --worklist accessions.csv --out results",
            "aidp run lung-nodule-2d /data/ct --out results --dry-run",
            "aidp run lung-nodule-2d /data/ct --out results --device cuda:0 --batch 64"};
  }
  void setup(CLI::App& app) override {
    app.add_option("MODEL", request_.model, "Name, name@version, or the beginning of a digest")->required();
    sources_.setup(app);
    app.add_option("--out", out_, "Output folder, one for each job")->required();
    app.add_option("--batch", request_.batch, "Items in one forward pass; 0: batch_max of the model")->capture_default_str();
    app.add_option("--site", request_.site, "Name of this site, for the reports");
    app.add_flag("--fresh", request_.fresh, "Start over instead of resuming");
    app.add_flag("--dry-run", request_.dry_run, "Show what would be done; write nothing");
    app.add_option("--purpose", request_.purpose, "What the results are for; a job has one purpose")
        ->check(CLI::IsMember({"clinical", "research", "test", "shadow"}))
        ->capture_default_str();
    app.add_option("--wait", wait_, "How long to wait for an output folder that is in use, such as 2h, 30m or 90s");
    app.add_flag("--allow-gone", request_.allow_gone, "Accept that every recorded source is gone, or that a folder cannot be listed");
    app.add_flag("--allow-empty", request_.allow_empty, "Exit 0 if nothing matched");
    app.add_flag("--partial-ok", partial_ok_, "Exit 0 if some items failed or were quarantined, as long as any completed");
  }
  Exit run(const Globals& globals) override {
    static_cast<Sources&>(request_) = sources_.read(find_home(globals.home));
    request_.out = out_;
    if (request_.batch < 0 || request_.batch > 4096)
      throw Error(Reason::usage, "--batch takes 0 to 4096", "leave it out for the model's own");
    if (!wait_.empty()) request_.wait = parse_duration(wait_);
    RunSummary summary;
    {
      const auto progress = make_progress(globals);
      summary = aidp::run(request_, *progress);
    }
    const bool fine = partial_ok_ && summary.doubt.empty() && completed_any(summary);
    const auto exit = summary.exit == Exit::partial && fine ? Exit::ok : summary.exit;
    if (globals.json())
      print_json(json_of(summary));
    else
      print(summary);
    refuse(summary);
    if (exit == Exit::partial) tell_of_partial(summary, globals);
    if (!summary.job_id.empty() && summary.exit != Exit::partial)
      print_next(globals, "aidp report surveillance --format html --out report.html");
    return exit;
  }

 private:
  void print(const RunSummary& s) const {
    const bool begun = !s.job_id.empty();
    std::vector<std::vector<std::string>> table{
        {"model", s.model + "  " + s.model_digest.substr(0, 12)},
        {"input", counted(s.files, "file") + ", " + counted(s.series, "series") + ", " + counted(s.items, "item")},
        {"headers", std::to_string(s.headers_read) + " read in " + fixed(s.scan_seconds, 1) + " s"},
        {"series", counts(s.rows.series)}};
    if (!s.rows.files.empty()) table.push_back({"other files", counts(s.rows.files)});
    if (!s.row_outcomes.empty()) table.push_back({"worklist", counts(s.row_outcomes)});
    if (!s.worklist_failed.empty()) table.push_back({"failed rows", s.worklist_failed.string()});
    if (!s.rows.reasons.empty()) table.push_back({"reasons", counts(s.rows.reasons)});
    if (begun) {
      table.push_back(
          {"items", counts(s.rows.items) + (s.skipped_as_done > 0 ? " (" + std::to_string(s.skipped_as_done) + " done before)" : "")});
      if (const auto text = sources_text(s); !text.empty()) table.push_back({"sources", text});
      if (s.discarded > 0) table.push_back({"discarded", std::to_string(s.discarded) + " results of the earlier job"});
      table.push_back({"speed", fixed(s.items_per_second, 1) + " items/s on " + (s.device.empty() ? "-" : s.device) + ", " +
                                    fixed(s.seconds, 1) + " s"});
      table.push_back({"output", s.out.string()});
      table.push_back({"audit", counted(s.audit_size, "leaf", "leaves") + ", root " + s.audit_root.substr(0, 16)});
    }
    print_table(table);
  }

  // A run that ended without a result is an error too, beside its summary.
  static void refuse(const RunSummary& s) {
    if (s.exit == Exit::nothing)
      throw Error(Reason::nothing_matched,
                  "nothing matched: " + s.model + " takes none of the " + counted(s.series, "series") + " in " + counted(s.files, "file"),
                  "`aidp validate input` shows why; --allow-empty makes it exit status 0");
    if (s.exit == Exit::partial && !s.doubt.empty())
      throw Error(Reason::sources_gone, s.doubt + "; nothing recorded was changed",
                  "is the share mounted? Mount it and run the same command again; if they are gone for good, give --allow-gone");
    if (s.exit == Exit::interrupted || s.exit == Exit::terminated)
      throw Error(s.exit == Exit::interrupted ? Reason::interrupted : Reason::terminated, "stopped before the end",
                  "run the same command again to resume");
  }

  RunRequest request_;
  SourceOptions sources_;
  std::string out_, wait_;
  bool partial_ok_ = false;
};
}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<Run>(); }

}  // namespace aidp
