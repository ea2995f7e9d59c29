// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/run.hpp"

#include <signal.h>

#include <algorithm>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/checks/tensor_dump.hpp"
#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/run/books.hpp"
#include "jobs/run/output_folder.hpp"
#include "jobs/run/pipeline.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr auto tick = std::chrono::milliseconds(200);

// A model that is loaded meanwhile is heard too, so that one which cannot be refuses the job at once, not after a long scan.
Plan scan(const Manifest& manifest, const Inputs& inputs, HeaderIndex& index, Workforce& workforce, ProgressSink& progress) {
  const std::array model{workforce.model.get()};
  auto plan = make_plan(manifest, inputs, index, workforce.dicom, [&](std::int64_t done, std::int64_t total) {
    if (model[0]) pump(model, std::chrono::milliseconds(0));
    progress.update({.phase = "scanning", .done = done, .total = total});
  });
  if (!index.note().empty()) progress.note(index.note());
  return plan;
}

// `out`: the output folder, or empty where there is none.
Inputs inputs_of(const Sources& sources, const fs::path& out, const Manifest& manifest) {
  Inputs inputs{sources.inputs, {sources.home.root}, nullptr, manifest.unit == Unit::series, sources.follow_links};
  if (!out.empty()) inputs.left_out.push_back(out);
  if (!sources.worklist) return inputs;
  inputs.worklist = &*sources.worklist;
  if (inputs.paths.empty()) inputs.paths = sources.worklist->paths();
  std::erase_if(inputs.paths, [](const auto& path) { return !fs::exists(path); });  // its row fails: nothing is found
  return inputs;
}

std::vector<SeriesPlanRow> rows_of(const Plan& plan, const Sources& sources, const Manifest& manifest, HeaderIndex& index) {
  std::vector<SeriesPlanRow> rows;
  for (const auto& series : plan.series) {
    auto attributes = index.attributes(series.input);
    auto verdicts = select(manifest, attributes).verdicts;
    rows.push_back({series.input.study_uid,
                    series.input.series_uid,
                    {},
                    series.input.files,
                    static_cast<std::int64_t>(series.items),
                    !series.refusal,
                    series.refusal ? std::string(name(*series.refusal)) : "",
                    series.message,
                    std::move(verdicts),
                    std::move(attributes)});
  }
  const auto add_refused = [&](const std::string& what, Reason reason, const std::string& message) {
    rows.push_back({{}, {}, what, 0, 0, false, std::string(name(reason)), message, {}, nlohmann::json::object()});
  };
  for (const auto& file : plan.loose) add_refused(file.path, file.reason, file.message);
  for (std::size_t i = 0; i < plan.rows.size(); ++i)
    if (const auto& row = plan.rows[i]; row.series.empty() && row.loose == 0)
      add_refused("line " + std::to_string(sources.worklist->rows.at(i).line) + " of the worklist", *row.reason, row.message);
  return rows;
}

RunSummary summary_of(const Package& package, const Plan& plan) {
  RunSummary summary;
  summary.model = package.manifest.id();
  summary.model_digest = package.digest;
  summary.files = plan.files;
  summary.headers_read = plan.headers_read;
  summary.scan_seconds = plan.scan_seconds;
  summary.series = static_cast<std::int64_t>(plan.series.size());
  summary.items = static_cast<std::int64_t>(plan.items.size());
  return summary;
}

Exit exit_of(const RunSummary& summary, const RunRequest& request) {
  if (const int signal = SignalGuard::received(); signal != 0) return signal == SIGINT ? Exit::interrupted : Exit::terminated;
  const auto of = [&](const auto& outcomes, const char* outcome) { return outcomes.contains(outcome) && outcomes.at(outcome) > 0; };
  for (const char* bad : {"failed", "quarantined"})
    if (of(summary.item_outcomes, bad) || of(summary.series_outcomes, bad) || of(summary.file_outcomes, bad) ||
        of(summary.row_outcomes, bad))
      return Exit::partial;
  if (summary.items == 0 && !request.allow_empty) return Exit::nothing;
  return Exit::ok;
}

// Everything of one job between the claimed output folder and the written results.
class Job {
 public:
  Job(const RunRequest& request, const Package& package, const std::string& device, Recorder& recorder, ProgressSink& progress)
      : request_(request),
        package_(package),
        progress_(progress),
        recorder_(recorder),
        claimed_(claim_output(request, package, recorder)),
        books_(recorder, claimed_.job.id, claimed_.resumed),
        device_(device) {}

  RunSummary run(Workforce& workforce, Plan plan, HeaderIndex& index) {
    plan_ = std::move(plan);
    books_.expect(plan_, index);
    if (!plan_.items.empty()) process(workforce, index);
    books_.flush();
    auto summary = summarise();
    if (SignalGuard::received() == 0) {
      books_.keep_only_seen();
      if (gives_masks()) sweep_masks(claimed_.job, recorder_);
      if (request_.worklist) settle_rows(summary);
    }
    write(workforce, summary);
    return summary;
  }

  // For the store's books, where the error that ended the job has not made them unwritable.
  void fail() noexcept try { recorder_.end_job(claimed_.job.id, "failed"); } catch (const std::exception&) {
  }

 private:
  bool gives_masks() const {
    return std::ranges::any_of(package_.manifest.outputs, [](const auto& output) { return output.kind == OutputKind::mask; });
  }

  void process(Workforce& workforce, HeaderIndex& index) {
    const fs::path out(claimed_.job.out);
    if (gives_masks()) fs::create_directories(out / masks_folder);
    Pipeline::Options options{.batch = request_.batch > 0 ? request_.batch : package_.manifest.batch_max,
                              .out = out,
                              .model_digest = package_.digest,
                              .device = device_,
                              .known_file = [&](const std::string& path) { return recorder_.file(path); },
                              .completed = {},
                              .finished = [&](auto items, auto files) { books_.add(std::move(items), std::move(files)); },
                              .skipped = [&](std::size_t first, std::size_t items) { books_.skip(first, items); }};
    if (claimed_.resumed) options.completed = [&](const std::string& key) { return recorder_.completed(claimed_.job.id, key); };
    Pipeline pipeline(plan_, index, package_.manifest, std::move(options), workforce);
    started_ = Clock::now();
    while (!pipeline.done()) {
      if (SignalGuard::received() != 0) pipeline.drain();
      pipeline.advance();
      if (!pipeline.done()) pump(workforce.crews(), tick);
      books_.flush_if_due();
      show("running");
    }
    books_.saw(pipeline.keys_seen());
  }

  void settle_rows(RunSummary& summary) {
    settle(plan_.rows, recorder_, claimed_.job.id);
    for (const auto& row : plan_.rows) ++summary.row_outcomes[std::string(name(row.outcome))];
    summary.worklist_failed = write_worklist_results(*request_.worklist, plan_.rows, claimed_.job.out);
  }

  void show(const std::string& phase) {
    const std::chrono::duration<double> elapsed = Clock::now() - started_;
    Progress now{.phase = phase,
                 .done = books_.items_done(),
                 .total = static_cast<std::int64_t>(plan_.items.size()),
                 .outcomes = books_.item_outcomes()};
    const auto fresh = books_.items_done() - books_.items_skipped();
    if (elapsed.count() > 0) now.items_per_second = static_cast<double>(fresh) / elapsed.count();
    if (now.items_per_second > 0) now.eta_s = static_cast<double>(now.total - now.done) / now.items_per_second;
    progress_.update(now);
  }

  RunSummary summarise() const {
    auto summary = summary_of(package_, plan_);
    summary.job_id = claimed_.job.id;
    summary.device = device_;
    summary.out = claimed_.job.out;
    summary.resumed = claimed_.resumed;
    summary.skipped_as_done = books_.items_skipped();
    summary.item_outcomes = books_.item_outcomes();
    summary.series_outcomes = books_.series_outcomes();
    summary.file_outcomes = books_.file_outcomes();
    summary.reasons = books_.reasons();
    const std::chrono::duration<double> elapsed = Clock::now() - started_;
    summary.seconds = elapsed.count();
    summary.items_per_second = static_cast<double>(books_.items_done() - books_.items_skipped()) / elapsed.count();
    return summary;
  }

  void write(Workforce& workforce, RunSummary& summary) {
    show("writing");
    summary.exit = exit_of(summary, request_);
    const bool stopped = SignalGuard::received() != 0;
    std::vector<std::string> outputs;
    for (const auto& output : package_.manifest.outputs)
      if (output.kind != OutputKind::mask) outputs.push_back(output.name);
    const fs::path out(claimed_.job.out);
    recorder_.end_job(claimed_.job.id, stopped ? "interrupted" : "finished");
    write_json_lines(recorder_, claimed_.job, out);
    constexpr int tries = 2;
    ask(
        workforce.writer(), WriteHdf5Request{(out / "results.jsonl").string(), (out / "results.h5").string()}, std::chrono::minutes(10),
        tries, [&] { write_tables(recorder_, claimed_.job, outputs, out); }, OnSignal::finish);
    summary.audit_size = recorder_.audit().size();
    summary.audit_root = hex(recorder_.audit().root());
    write_job_file(claimed_.job, {{"device", summary.device},
                                  {"items", summary.item_outcomes},
                                  {"series", summary.series_outcomes},
                                  {"files", summary.file_outcomes},
                                  {"audit_size", summary.audit_size},
                                  {"audit_root", summary.audit_root}});
  }

  const RunRequest& request_;
  const Package& package_;
  ProgressSink& progress_;
  Recorder& recorder_;
  ClaimedOutput claimed_;
  Books books_;
  std::string device_;
  Plan plan_;
  Clock::time_point started_ = Clock::now();
};

RunSummary dry_run(const RunRequest& request, const Package& package, const Plan& plan, HeaderIndex& index) {
  auto summary = summary_of(package, plan);
  for (const auto& series : plan.series) {
    ++summary.series_outcomes[series.refusal ? std::string(name(series.outcome)) : "eligible"];
    if (series.refusal) ++summary.reasons[std::string(name(*series.refusal))];
  }
  for (const auto& file : plan.loose) {
    ++summary.file_outcomes[std::string(name(outcome_of(file)))];
    ++summary.reasons[std::string(name(file.reason))];
  }
  summary.plan = rows_of(plan, request, package.manifest, index);
  return summary;
}

const Sources& checked(const Sources& sources) {
  if (sources.inputs.empty() && !(sources.worklist && !sources.worklist->paths().empty()))
    throw Error(Reason::usage, "no input is named", "name files or folders of DICOM, or a worklist with paths");
  for (const auto& input : sources.inputs) check_input(input);
  if (sources.memory_bytes > 0 && (sources.memory_bytes < least_memory_bytes || sources.memory_bytes > ram_bytes()))
    throw Error(Reason::usage,
                "--memory takes " + bytes_text(least_memory_bytes) + " to the " + bytes_text(ram_bytes()) + " of this machine, not " +
                    bytes_text(sources.memory_bytes),
                "leave it out for a quarter of that, at most 2 GiB");
  return sources;
}

void check_request(const RunRequest& request) {
  checked(request);
  if (request.out.empty()) throw Error(Reason::usage, "--out is empty", "name a folder for the results");
}

// Stopped before anything was begun: a partial inventory is no ledger, so nothing of it is recorded.
RunSummary stopped(const RunRequest& request, const Package& package) {
  auto summary = summary_of(package, {});
  summary.out = request.out;
  summary.exit = exit_of(summary, request);
  return summary;
}

// The output folder is claimed last, when the inputs are read and the model is loaded: what is refused leaves no trace.
RunSummary begin(const RunRequest& request, const InstalledModel& installed, const Package& package, Database& database,
                 ProgressSink& progress) {
  Recorder recorder(database);
  check_output(request, package, recorder);
  Workforce workforce(request.workers, request.memory_bytes);
  workforce.hire_model(installed.folder, package.manifest, request.device);
  HeaderIndex index(request.home.header_index(), keywords_of(package.manifest), store_key(request.home));
  auto plan = scan(package.manifest, inputs_of(request, request.out, package.manifest), index, workforce, progress);
  const auto device = workforce.device();
  if (SignalGuard::received() != 0) return stopped(request, package);
  Job job(request, package, device, recorder, progress);
  try {
    return job.run(workforce, std::move(plan), index);
  } catch (...) {
    job.fail();
    throw;
  }
}
}  // namespace

RunSummary run(const RunRequest& request, ProgressSink& progress) {
  const SignalGuard signals;
  check_request(request);
  need_store(request.home);
  std::optional<FileLock> lock;  // a dry run only reads, so it may go beside a nightly run
  if (!request.dry_run) lock.emplace(request.home.writer_lock(), "the store " + request.home.root.string());
  Database database(request.home.database(), request.dry_run ? Database::Access::read : Database::Access::write);
  Repository repository(request.home, database);
  const auto installed = repository.find(request.model);
  const auto package = repository.verify(installed);
  if (!request.dry_run) return begin(request, installed, package, database, progress);
  Workforce workforce(request.workers, request.memory_bytes);
  HeaderIndex index({}, keywords_of(package.manifest));
  const auto plan = scan(package.manifest, inputs_of(request, request.out, package.manifest), index, workforce, progress);
  auto summary = dry_run(request, package, plan, index);
  summary.exit = exit_of(summary, request);
  return summary;
}

namespace {
// Headers of the sources, in an index of their own, and what a model would make of them.
struct Preview {
  Preview(const Sources& sources, const Manifest& manifest, ProgressSink& progress)
      : workforce(checked(sources).workers, sources.memory_bytes), index({}, keywords_of(manifest)) {
    plan = scan(manifest, inputs_of(sources, {}, manifest), index, workforce, progress);
    SignalGuard::check();  // a part of the inputs would be shown as all
    rows = rows_of(plan, sources, manifest, index);
  }
  Workforce workforce;
  HeaderIndex index;
  Plan plan;
  std::vector<SeriesPlanRow> rows;
};
}  // namespace

std::vector<SeriesPlanRow> plan_inputs(const Sources& sources, const Manifest& manifest, ProgressSink& progress) {
  const SignalGuard signals;
  return Preview(sources, manifest, progress).rows;
}

TensorDump dump_tensors(const Sources& sources, const Package& package, const fs::path& file, ProgressSink& progress) {
  const SignalGuard signals;
  if (fs::is_directory(file)) throw Error(Reason::usage, file.string() + " is a folder", "name the file that is to be written");
  check_folder(file.has_parent_path() ? file.parent_path() : ".", "the folder of " + file.filename().string());
  Preview preview(sources, package.manifest, progress);
  TensorDump dump{.plan = std::move(preview.rows)};
  if (!preview.plan.items.empty())
    write_tensors(package, preview.plan, preview.index, preview.workforce, sources.device, file, progress, dump);
  return dump;
}

}  // namespace aidp
