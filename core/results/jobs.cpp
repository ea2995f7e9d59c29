// SPDX-License-Identifier: Apache-2.0
#include "core/results/rows.hpp"
#include "core/results/statements.hpp"

namespace aidp {

namespace {
constexpr const char* job_columns = "id, key, model_digest, model_name, model_version, site, settings, out, purpose, user, host";

JobRecord job_in(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5),
          row.text(6), row.text(7), row.text(8), row.text(9), row.text(10)};
}
}  // namespace

Recorder::Recorder(Database& database) : database_(database), audit_(database) {}
Recorder::~Recorder() = default;

std::optional<JobRecord> Recorder::job_of(const std::filesystem::path& out) {
  auto row = database_.prepare(std::string("SELECT ") + job_columns + " FROM job WHERE out = ? AND state <> 'discarded'");
  row.bind(1, out.string());
  if (!row.step()) return {};
  return job_in(row);
}

std::vector<JobRecord> Recorder::jobs_named(const std::string& beginning) {
  auto row =
      database_.prepare(std::string("SELECT ") + job_columns + " FROM job WHERE substr(id, 1, length(?1)) = ?1 AND state <> 'discarded'");
  row.bind(1, beginning);
  std::vector<JobRecord> jobs;
  while (row.step()) jobs.push_back(job_in(row));
  return jobs;
}

bool Recorder::knows(const std::string& id, const std::filesystem::path& out) {
  auto row = database_.prepare("SELECT 1 FROM job WHERE id = ? AND out = ?");
  row.bind(1, id).bind(2, out.string());
  return row.step();
}

void Recorder::begin_job(const JobRecord& job) {
  Transaction transaction(database_);
  database_
      .prepare(
          "INSERT INTO job (id, key, model_digest, model_name, model_version, site, settings, out, state, started_at, purpose, user, host, "
          "leaf)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, 0)")
      .bind(1, job.id)
      .bind(2, job.key)
      .bind(3, job.model_digest)
      .bind(4, job.model_name)
      .bind(5, job.model_version)
      .bind(6, job.site)
      .bind(7, job.settings)
      .bind(8, job.out)
      .bind(9, to_text(now()))
      .bind(10, job.purpose)
      .bind(11, job.user)
      .bind(12, job.host)
      .run();
  audit_.append_row({{"event", "job.started"},
                     {"job", job.id},
                     {"purpose", job.purpose},
                     {"user", job.user},
                     {"host", job.host},
                     {"job_key", job.key},
                     {"model", job.model_name + "@" + job.model_version},
                     {"model_digest", job.model_digest}},
                    "job", job.id);
  audit_.seal();
  transaction.commit();
}

void Recorder::set_state(const std::string& id, const std::string& state, nlohmann::json event) {
  auto update = database_.prepare("UPDATE job SET state = ?2, ended_at = ?3 WHERE id = ?1 RETURNING id");
  update.bind(1, id).bind(2, state);
  if (state == "running")
    update.bind_null(3);
  else
    update.bind(3, to_text(now()));
  if (!update.step()) throw Error(Reason::internal, "no job " + id + " in the store");
  update.run();
  event["job"] = id;
  audit_.append_row(std::move(event), "job", id);
}

void Recorder::resume_job(const JobRecord& job) {
  Transaction transaction(database_);
  database_.prepare("UPDATE job SET user = ?2, host = ?3 WHERE id = ?1").bind(1, job.id).bind(2, job.user).bind(3, job.host).run();
  set_state(job.id, "running", {{"event", "job.resumed"}, {"user", job.user}, {"host", job.host}});
  audit_.seal();
  transaction.commit();
}

std::int64_t Recorder::discard_job(const std::string& id) {
  Transaction transaction(database_);
  auto count = database_.prepare("SELECT count(*) FROM item WHERE job_id = ?");
  count.bind(1, id).step();
  const auto items = count.integer(0);
  count.reset();
  for (const std::string table : {"item", "series"}) database_.prepare("DELETE FROM " + table + " WHERE job_id = ?").bind(1, id).run();
  set_state(id, "discarded", {{"event", "job.discarded"}, {"items", items}});
  audit_.seal();
  transaction.commit();
  return items;
}

void Recorder::end_job(const std::string& id, const std::string& state) {
  Transaction transaction(database_);
  nlohmann::json event{{"event", "job." + state}, {"items", nlohmann::json::object()}, {"series", nlohmann::json::object()}};
  for (const std::string table : {"item", "series"}) {
    auto counts = database_.prepare("SELECT outcome, count(*) FROM " + table + " WHERE job_id = ? GROUP BY outcome");
    counts.bind(1, id);
    while (counts.step()) event[table == "item" ? "items" : "series"][counts.text(0)] = counts.integer(1);
  }
  set_state(id, state, std::move(event));
  audit_.seal();
  transaction.commit();
}

}  // namespace aidp
