// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/forget.hpp"

#include "core/base/file_lock.hpp"
#include "core/base/remove.hpp"
#include "core/base/text.hpp"
#include "core/base/who.hpp"
#include "jobs/process/signals.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/run/output_lock.hpp"
#include "jobs/run/tables.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
JobRecord find_job(Recorder& recorder, const std::string& named) {
  std::error_code unknown;
  const auto folder = fs::weakly_canonical(fs::absolute(named, unknown), unknown);
  if (const auto job = recorder.job_of(folder)) return *job;
  const auto jobs = recorder.jobs_named(named);
  if (jobs.size() == 1) return jobs.front();
  if (jobs.empty())
    throw Error(Reason::usage, "'" + printable(named) + "' is neither the output folder nor the beginning of the id of a job in this store",
                "see `aidp audit list --event job.`");
  throw Error(Reason::usage, "'" + printable(named) + "' is the beginning of the ids of " + std::to_string(jobs.size()) + " jobs",
              "give more of it, or the output folder");
}

Manifest manifest_of(Database& database, const JobRecord& job) {
  auto row = database.prepare("SELECT manifest FROM model WHERE digest = ?");
  if (!row.bind(1, job.model_digest).step())
    throw Error(Reason::model_unknown, "the store no longer knows the model of this job: " + job.model_name,
                "restore the store from a backup");
  return parse_manifest(row.text(0), "model.yaml");
}

void forget_locked(Database& database, Recorder& recorder, const ForgetSummary& what, const ForgetRequest& request) {
  const fs::path out(what.job.out);
  // Files first: if this is cut short, the rows still name those that are left.
  for (const auto& artefact : what.rows.artefacts) remove_below(out, artefact);
  forget_rows(database, recorder.audit(), what.job, request.filter, request.reason);
  if (!fs::exists(out / "job.json")) return;  // the folder was removed, or nothing was ever written into it
  Workforce workforce(1, least_memory_bytes);
  write_results(recorder, what.job, output_columns(manifest_of(database, what.job)), workforce);
}
}  // namespace

ForgetSummary forget(const ForgetRequest& request) {
  const SignalGuard signals;
  need_store(request.home);
  Database database(request.home.database(), request.dry_run ? Database::Access::read : Database::Access::write);
  Recorder recorder(database);
  ForgetSummary summary{find_job(recorder, request.job), {}};
  summary.job.user = user_name();
  summary.job.host = host_name();
  std::optional<OutputLock> lock;
  if (!request.dry_run) lock.emplace(summary.job.out, LockWait{});
  summary.rows = rows_to_forget(database, summary.job.id, request.filter);
  if (!request.dry_run && summary.rows.items + summary.rows.series > 0) forget_locked(database, recorder, summary, request);
  return summary;
}

}  // namespace aidp
