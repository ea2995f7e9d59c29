// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/output_folder.hpp"

#include <algorithm>
#include <array>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/publish.hpp"
#include "core/base/remove.hpp"
#include "core/base/text.hpp"
#include "core/base/who.hpp"
#include "jobs/run/artefact_form.hpp"
#include "jobs/run/output_lock.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::uintmax_t least_free_bytes = 16 << 20;
constexpr const char* grouping = "group_by_folder";  // in the settings, where it is on

// The inputs are real paths already: a worker has looked at them.
std::vector<std::string> canonical_inputs(const RunRequest& request) {
  std::vector<std::string> inputs;
  for (const auto& input : request.inputs) inputs.push_back(input.string());
  if (request.worklist) inputs.push_back("worklist " + fs::weakly_canonical(request.worklist->file).string());  // its rows may change
  return inputs;
}

JobRecord describe(const RunRequest& request, const Package& package) {
  JobRecord job;
  job.id = new_job_id();
  job.model_digest = package.digest;
  job.model_name = package.manifest.name;
  job.model_version = package.manifest.version;
  job.site = request.site;
  job.purpose = request.purpose;
  job.user = user_name();
  job.host = host_name();
  job.out = output_folder(request).string();
  const auto inputs = canonical_inputs(request);
  // A path is bytes, JSON is UTF-8: the settings show what can be shown, the key is of the bytes.
  nlohmann::json settings{{"inputs", inputs}, {"device", request.device}, {"batch", request.batch}, {"site", request.site}};
  if (request.group_by_folder) settings[grouping] = true;
  job.settings = settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  job.key = hex(sha256("aidp.job/1\n" + package.digest + "\n" + request.site + "\n" + join(inputs, "\n") +
                       (request.group_by_folder ? "\n\n--group-by-folder" : "")));
  return job;
}

// The id in job.json, or empty where there is none to be read.
std::string owner_of(const fs::path& out) {
  if (!fs::exists(out / "job.json")) return {};
  const auto json = nlohmann::json::parse(read_file(out / "job.json", 1 << 20), nullptr, false);
  return json.is_object() && json.contains("job") && json["job"].is_string() ? json["job"].get<std::string>() : "";
}

[[noreturn]] void refuse(const fs::path& out, const std::string& why) {
  throw Error(Reason::output_foreign, "the output folder " + out.string() + " " + why, "choose an empty or a new folder with --out");
}

[[noreturn]] void refuse_other(const JobRecord& former, const JobRecord& job, const Package& package) {
  const auto model = former.model_name + "@" + former.model_version;
  if (former.key == job.key)
    throw Error(Reason::output_foreign,
                "the output folder " + former.out + " belongs to a job whose purpose is " + former.purpose + ", not " + job.purpose,
                "choose another folder with --out, or give --purpose " + former.purpose + "; a job has one purpose");
  const bool grouped = nlohmann::json::parse(former.settings, nullptr, false).contains(grouping);
  if (former.model_digest == package.digest && grouped != nlohmann::json::parse(job.settings).contains(grouping))
    throw Error(Reason::output_foreign,
                "the output folder " + former.out + " belongs to a job with" + (grouped ? "" : "out") + " --group-by-folder",
                std::string(grouped ? "give --group-by-folder" : "leave it out") + ", or choose another folder with --out");
  if (former.model_digest == package.digest)
    throw Error(Reason::output_foreign, "the output folder " + former.out + " belongs to another job, with other inputs or another site",
                "choose another folder with --out, or start over in this one with --fresh");
  throw Error(
      Reason::output_foreign,
      "the output folder " + former.out + " belongs to another job, with another model: " + model + ", not " + package.manifest.id(),
      "after an upgrade choose a new folder with --out, or pin the model as " + model + "; --fresh starts over in this one");
}

// What a job writes into its folder; job.json last, as it says whose the others are.
constexpr std::array files_of_a_job{"results.csv",         "results.jsonl",         "results.h5", "ledger.csv", "worklist.csv",
                                    "worklist-failed.csv", "worklist-failed.jsonl", "job.json"};

// Whether `name` is what publish() of a killed run left of a file of ours: ".results.csv.part.4711".
bool is_temporary(const std::string& name) {
  const auto published = published_name(name);
  return published && std::ranges::find(files_of_a_job, *published) != files_of_a_job.end();
}

void sweep_temporaries(const fs::path& out) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(out, ignored))
    if (is_temporary(entry.path().filename().string())) fs::remove(entry.path(), ignored);
  for (const auto& form : artefact_forms())
    remove_files_below(out, form.folder, [](const fs::path& file) { return published_name(file.filename().string()).has_value(); });
}

// A killed run may have left no more than its lock and the temporary of its first file.
bool holds_nothing(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (name != output_lock_file && !is_temporary(name)) return false;
  }
  return true;
}

// job.json stays: killed from here on, the folder is known as the former job's, or as a discarded one of this store.
void remove_results(const fs::path& out, const std::optional<JobRecord>& former, Recorder& recorder) {
  for (const std::string name : files_of_a_job)
    if (name != "job.json") fs::remove(out / name);
  if (!former) return;
  recorder.for_each_item(former->id, [&](const ItemRecord& item) {
    for (const auto& artefact : item.artefacts) remove_below(out, artefact.path);
  });
}

// To begin with next to no space left would end half-way.
void check_space(const fs::path& folder) {
  const auto free = free_bytes(folder);
  if (free < least_free_bytes)
    throw Error(Reason::disk_full, "only " + bytes_text(free) + " is free at " + folder.string(),
                "free some space and run the same command again");
}
}  // namespace

fs::path output_folder(const RunRequest& request) { return fs::weakly_canonical(fs::absolute(request.out)); }

void write_job_file(const JobRecord& job, const JobState& state) {
  const auto count = [](const auto& value) { return value ? nlohmann::json(*value) : nlohmann::json(); };
  nlohmann::json json{{"schema", "aidp.job/1"},
                      {"job", job.id},
                      {"key", job.key},
                      {"model", job.model_name},
                      {"version", job.model_version},
                      {"model_digest", job.model_digest},
                      {"purpose", job.purpose},
                      {"user", job.user},
                      {"host", job.host},
                      {"state", state.name},
                      {"started_at", to_text(state.started)},
                      {"ended_at", state.ended ? nlohmann::json(to_text(*state.ended)) : nlohmann::json()},
                      {"planned", count(state.planned)},
                      {"done", count(state.done)},
                      {"settings", nlohmann::json::parse(job.settings)}};
  if (!state.summary.is_null()) json["summary"] = state.summary;
  publish(fs::path(job.out) / "job.json", json.dump(2) + "\n", Overwrite::yes);
}

FolderOwner check_output(const RunRequest& request, const Package& package, Recorder& recorder) {
  const auto job = describe(request, package);
  const fs::path out(job.out);
  if (fs::exists(out) && !fs::is_directory(out)) refuse(out, "is a file");
  check_folder(out, "the output folder");
  check_space(out);
  check_space(request.home.root);
  FolderOwner owner{recorder.job_of(out), {}};
  if (fs::exists(out)) {
    owner.named = owner_of(out);
    if (owner.named.empty() && !holds_nothing(out)) refuse(out, "holds files that belong to no job");
    if (!owner.named.empty() && !recorder.knows(owner.named, out)) refuse(out, "belongs to a job of another store");
  }
  const bool same = owner.job && owner.job->key == job.key && owner.job->purpose == job.purpose;
  if (owner.job && !same && !request.fresh) refuse_other(*owner.job, job, package);
  owner.resumes = same && !request.fresh;
  return owner;
}

ClaimedOutput claim_output(const RunRequest& request, const Package& package, Recorder& recorder) {
  const auto owner = check_output(request, package, recorder);
  auto job = describe(request, package);
  const fs::path out(job.out);
  sweep_temporaries(out);
  if (owner.resumes) {
    job.id = owner.job->id;
    job.settings = owner.job->settings;
    recorder.resume_job(job);
    return {job, true, 0};
  }
  remove_results(out, owner.job, recorder);
  const auto discarded = owner.job ? recorder.discard_job(owner.job->id) : 0;
  recorder.begin_job(job);
  return {job, false, discarded};
}

}  // namespace aidp
