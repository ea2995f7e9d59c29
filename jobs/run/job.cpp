// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/job.hpp"

#include <signal.h>

#include <algorithm>

#include "core/base/remove.hpp"
#include "jobs/process/signals.hpp"
#include "jobs/run/artefact_form.hpp"
#include "jobs/run/pipeline.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr auto tick = std::chrono::milliseconds(200);
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

Exit exit_of(const RunSummary& summary, bool allow_empty) {
  if (const int signal = SignalGuard::received(); signal != 0) return signal == SIGINT ? Exit::interrupted : Exit::terminated;
  if (!summary.doubt.empty() || summary.has_bad) return Exit::partial;
  if (summary.items == 0 && !allow_empty) return Exit::nothing;
  return Exit::ok;
}

Job::Job(const RunRequest& request, const Package& package, const std::string& device, Recorder& recorder, ProgressSink& progress)
    : request_(request),
      package_(package),
      progress_(progress),
      recorder_(recorder),
      claimed_(claim_output(request, package, recorder)),
      books_(recorder, claimed_.job.id, claimed_.resumed),
      device_(device),
      outputs_(output_columns(package.manifest)) {
  state_.started = now();
  write_job_file(claimed_.job, state_);
}

RunSummary Job::run(Workforce& workforce, Plan plan, HeaderIndex& index) {
  plan_ = std::move(plan);
  state_.planned = static_cast<std::int64_t>(plan_.items.size());
  state_.done = 0;
  write_job_file(claimed_.job, state_);
  books_.expect(plan_, index);
  if (!plan_.items.empty()) process(workforce, index);
  books_.flush();
  RunSummary rows;
  if (SignalGuard::received() == 0) {
    SourceWatch watch(plan_, workforce.dicom, package_.manifest.unit == Unit::series, request_.worklist.has_value(), request_.allow_gone);
    changes_ = books_.mark_unseen(watch);
    doubt_ = watch.doubt();
    if (request_.worklist) settle_rows(rows);
  }
  auto summary = summarise();
  summary.row_outcomes = std::move(rows.row_outcomes);
  summary.worklist_failed = std::move(rows.worklist_failed);
  summary.has_bad |= summary.row_outcomes.contains("failed") || summary.row_outcomes.contains("quarantined");
  write(workforce, summary);
  return summary;
}

RunSummary Job::interrupt() {
  auto summary = summarise();
  summary.exit = exit_of(summary, request_.allow_empty);
  recorder_.end_job(claimed_.job.id, "interrupted");
  end("interrupted", nullptr);
  return summary;
}

void Job::fail(Workforce& workforce) noexcept {
  const auto anyhow = [](const auto& act) {
    try {
      act();
    } catch (const std::exception&) {
    }
  };
  anyhow([&] { books_.flush(); });
  anyhow([&] { recorder_.end_job(claimed_.job.id, "failed"); });
  anyhow([&] { end("failed", nullptr); });
  anyhow([&] { write_results(recorder_, claimed_.job, outputs_, workforce); });
}

void Job::process(Workforce& workforce, HeaderIndex& index) {
  const fs::path out(claimed_.job.out);
  for (const auto& output : package_.manifest.outputs)
    if (output.is_file()) make_folder_below(out, artefact_form(output).folder, "the output folder", output_folder_mode);
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

void Job::settle_rows(RunSummary& summary) {
  settle(plan_.rows, recorder_, claimed_.job.id);
  for (const auto& row : plan_.rows) ++summary.row_outcomes[std::string(name(row.outcome))];
  summary.worklist_failed = write_worklist_results(*request_.worklist, plan_.rows, claimed_.job.out);
}

void Job::show(const std::string& phase) {
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

// Counts are those of the rows as they are written; whether something went wrong is a matter of this run alone.
RunSummary Job::summarise() {
  auto summary = summary_of(package_, plan_);
  summary.job_id = claimed_.job.id;
  summary.device = device_;
  summary.out = claimed_.job.out;
  summary.purpose = claimed_.job.purpose;
  summary.resumed = claimed_.resumed;
  summary.discarded = claimed_.discarded;
  summary.skipped_as_done = books_.items_skipped();
  summary.rows = recorder_.count_rows(claimed_.job.id);
  summary.changes = changes_;
  summary.doubt = doubt_;
  for (const auto* outcomes : {&books_.item_outcomes(), &books_.series_outcomes(), &books_.file_outcomes()})
    summary.has_bad |= outcomes->contains("failed") || outcomes->contains("quarantined");
  const std::chrono::duration<double> elapsed = Clock::now() - started_;
  summary.seconds = elapsed.count();
  summary.items_per_second = static_cast<double>(books_.items_done() - books_.items_skipped()) / elapsed.count();
  return summary;
}

void Job::end(const std::string& state, const nlohmann::json& summary) {
  state_.name = state;
  state_.ended = now();
  if (state_.planned) state_.done = books_.items_done();
  state_.summary = summary;
  write_job_file(claimed_.job, state_);
}

void Job::write(Workforce& workforce, RunSummary& summary) {
  show("writing");
  summary.exit = exit_of(summary, request_.allow_empty);
  const std::string state = SignalGuard::received() != 0 ? "interrupted" : "finished";
  recorder_.end_job(claimed_.job.id, state);
  write_results(recorder_, claimed_.job, outputs_, workforce);
  summary.audit_size = recorder_.audit().size();
  summary.audit_root = hex(recorder_.audit().root());
  end(state, {{"device", summary.device},
              {"items", summary.rows.items},
              {"series", summary.rows.series},
              {"files", summary.rows.files},
              {"gone", summary.rows.gone},
              {"superseded", summary.rows.superseded},
              {"audit_size", summary.audit_size},
              {"audit_root", summary.audit_root}});
}

}  // namespace aidp
