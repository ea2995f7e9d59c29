// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/run.hpp"

#include <algorithm>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/checks/tensor_dump.hpp"
#include "jobs/plan/plan.hpp"
#include "jobs/process/memory.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/run/job.hpp"
#include "jobs/run/output_lock.hpp"
#include "jobs/run/resolve.hpp"
#include "jobs/sources/made_uids.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::chrono::minutes busy_at_most{10};  // for a store that a long report holds at the end of a job
constexpr std::chrono::seconds busy_after_signal{1};

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

// Its rows may change from run to run, and what they have in common with them.
fs::path folder_of_worklist(const Worklist& worklist) { return fs::weakly_canonical(fs::absolute(worklist.file)).parent_path(); }

// `out`: the output folder, or empty where there is none.
Inputs inputs_of(const Sources& sources, const fs::path& out, const Manifest& manifest) {
  Inputs inputs{sources.inputs, {sources.home.root}, nullptr, manifest.unit == Unit::series, sources.follow_links};
  if (!out.empty()) inputs.left_out.push_back(out);
  if (sources.group_by_folder) inputs.group_from = sources.inputs.empty() ? folder_of_worklist(*sources.worklist) : base_of(sources.inputs);
  if (!sources.worklist) return inputs;
  inputs.worklist = &*sources.worklist;
  if (!inputs.paths.empty()) return inputs;
  for (const auto& row : sources.worklist->rows)
    if (row.found != PathKind::unknown) inputs.paths.emplace_back(row[WorklistKey::path]);  // else the row fails: nothing is found
  return inputs;
}

std::vector<SeriesPlanRow> rows_of(const Plan& plan, const Sources& sources, const Manifest& manifest, HeaderIndex& index) {
  std::vector<SeriesPlanRow> rows;
  for (const auto& series : plan.series) {
    auto attributes = index.attributes(series.input, series.speaks);
    auto verdicts = select(manifest, attributes).verdicts;
    rows.push_back({series.input.study_uid,
                    series.input.series_uid,
                    {},
                    series.input.files,
                    static_cast<std::int64_t>(series.items),
                    !series.refusal,
                    series.refusal ? std::string(name(*series.refusal)) : "",
                    with_note(series.message, series.note),
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

RunSummary dry_run(const RunRequest& request, const Package& package, const Plan& plan, HeaderIndex& index) {
  auto summary = summary_of(package, plan);
  for (const auto& series : plan.series) {
    ++summary.rows.series[series.refusal ? std::string(name(series.outcome)) : "eligible"];
    if (series.refusal) ++summary.rows.reasons[std::string(name(*series.refusal))];
    summary.has_bad |= series.refusal && series.outcome != Outcome::ineligible;
  }
  for (const auto& file : plan.loose) {
    ++summary.rows.files[std::string(name(outcome_of(file)))];
    ++summary.rows.reasons[std::string(name(file.reason))];
    summary.has_bad |= outcome_of(file) != Outcome::ineligible;
  }
  summary.plan = rows_of(plan, request, package.manifest, index);
  return summary;
}

const Sources& check_options(const Sources& sources) {
  if (sources.inputs.empty() && !(sources.worklist && !sources.worklist->paths().empty()))
    throw Error(Reason::usage, "no input is named", "name files or folders of DICOM, or a worklist with paths");
  if (sources.memory_bytes > 0 && (sources.memory_bytes < least_memory_bytes || sources.memory_bytes > ram_bytes()))
    throw Error(Reason::usage,
                "--memory takes " + bytes_text(least_memory_bytes) + " to the " + bytes_text(ram_bytes()) + " of this machine, not " +
                    bytes_text(sources.memory_bytes),
                "leave it out for a quarter of that, at most 2 GiB");
  return sources;
}

// With the real paths of its inputs, which must all be there.
template <class Named>
Named resolved(const Named& named, Crew& dicom) {
  auto sources = named;
  const auto found = resolve(sources, dicom);
  for (std::size_t i = 0; i < found.size(); ++i) check_input(named.inputs[i], found[i]);
  return sources;
}

// Takes out the inputs that cannot be entered: of a new job a mistake, and an Error; of one that has read them before, perhaps a share that
// is not mounted.
std::vector<fs::path> take_missing(std::vector<fs::path>& inputs, const std::vector<Looked>& found, const std::vector<fs::path>& named,
                                   bool resumes) {
  std::vector<fs::path> missing, there;
  for (std::size_t i = 0; i < inputs.size(); ++i) try {
      check_input(named[i], found[i]);
      there.push_back(inputs[i]);
    } catch (const Error&) {
      if (!resumes) throw;
      missing.push_back(inputs[i]);
    }
  inputs = std::move(there);
  return missing;
}

// As a folder that cannot be listed, so that nothing below it is taken for gone.
void add_missing(Plan& plan, const std::vector<fs::path>& missing) {
  for (const auto& input : missing) {
    plan.loose.push_back({input.string(), Reason::dicom_unreadable, "the input cannot be opened"});
    plan.unlisted.push_back(input.string());
    ++plan.files;
  }
}

// Stopped before anything was begun: a partial inventory is no ledger, so nothing of it is recorded.
RunSummary stopped(const RunRequest& request, const Package& package) {
  auto summary = summary_of(package, {});
  summary.out = request.out;
  summary.exit = exit_of(summary, request.allow_empty);
  return summary;
}

bool stop_waiting() {
  SignalGuard::check();
  return false;
}

// The output folder is claimed last, when the inputs are read and the model is loaded: what is refused leaves no trace.
RunSummary begin(const RunRequest& named, const InstalledModel& installed, const Package& package, Database& database,
                 ProgressSink& progress) {
  Recorder recorder(database);
  Workforce workforce(named.workers, named.memory_bytes);
  auto request = named;
  const auto found = resolve(request, workforce.dicom);
  check_output(request, package, recorder);
  OutputLock lock(output_folder(request), {request.wait, stop_waiting});
  const bool resumes = check_output(request, package, recorder).resumes;  // now that nobody else can change it
  auto inputs = inputs_of(request, request.out, package.manifest);
  std::vector<fs::path> missing;
  if (!request.inputs.empty()) missing = take_missing(inputs.paths, found, named.inputs, resumes);
  workforce.hire_model(installed.folder, package.manifest, request.device);
  HeaderIndex index(request.home.header_index(), keywords_of(package.manifest), store_key(request.home));
  auto plan = scan(package.manifest, inputs, index, workforce, progress);
  const auto device = workforce.device();
  const bool is_stopped = SignalGuard::received() != 0;
  if (is_stopped && !resumes) return stopped(request, package);
  lock.keep();
  Job job(request, package, device, recorder, progress);
  if (is_stopped) return job.interrupt();
  try {
    if (!request.allow_gone) add_missing(plan, missing);
    return job.run(workforce, std::move(plan), index);
  } catch (...) {
    job.fail(workforce);
    throw;
  }
}
}  // namespace

RunSummary run(const RunRequest& request, ProgressSink& progress) {
  const SignalGuard signals;
  check_options(request);
  if (request.out.empty()) throw Error(Reason::usage, "--out is empty", "name a folder for the results");
  need_store(request.home);
  Database database(request.home.database(), request.dry_run ? Database::Access::read : Database::Access::write);
  const BusyWait patient(database, busy_at_most, [since = std::optional<Clock::time_point>()]() mutable {
    if (SignalGuard::received() == 0) return false;
    if (!since) since = Clock::now();
    return Clock::now() - *since > busy_after_signal;
  });
  Repository repository(request.home, database);
  const auto installed = repository.find(request.model);
  const auto in_use = repository.use(installed);
  const auto package = repository.verify(installed);
  if (!request.dry_run) return begin(request, installed, package, database, progress);
  Workforce workforce(request.workers, request.memory_bytes);
  const auto sources = resolved(request, workforce.dicom);
  HeaderIndex index({}, keywords_of(package.manifest));
  const auto plan = scan(package.manifest, inputs_of(sources, request.out, package.manifest), index, workforce, progress);
  auto summary = dry_run(sources, package, plan, index);
  summary.exit = exit_of(summary, request.allow_empty);
  return summary;
}

namespace {
// Headers of the sources, in an index of their own, and what a model would make of them.
struct Preview {
  Preview(const Sources& named, const Manifest& manifest, ProgressSink& progress)
      : workforce(check_options(named).workers, named.memory_bytes), index({}, keywords_of(manifest)) {
    const auto sources = resolved(named, workforce.dicom);
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
  if (fs::is_directory(file)) throw Error(Reason::usage, file.string() + " is a folder", "name the file to write");
  check_folder(file.has_parent_path() ? file.parent_path() : ".", "the folder of " + file.filename().string());
  Preview preview(sources, package.manifest, progress);
  TensorDump dump{.plan = std::move(preview.rows)};
  if (!preview.plan.items.empty())
    write_tensors(package, preview.plan, preview.index, preview.workforce, sources.device, file, progress, dump);
  return dump;
}

}  // namespace aidp
