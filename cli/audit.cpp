// SPDX-License-Identifier: Apache-2.0
// The commands of the audit log: list, show, verify.
#include <iostream>

#include "cli/output.hpp"
#include "core/audit/heads.hpp"
#include "core/base/counted.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
std::string text_of(const nlohmann::json& event, const char* key) {
  return event.contains(key) && event[key].is_string() ? printable(event[key].get<std::string>()) : "";
}

constexpr const char* damaged_event = "(damaged)";

// A leaf's event; a leaf that is no event any more is shown as such.
nlohmann::json event_of(const std::string& data) {
  auto event = parse_json(data).value_or(nlohmann::json{});
  if (!event.is_object() || !event.contains("event")) event = {{"event", damaged_event}, {"time", ""}, {"data", printable(data)}};
  return event;
}

class AuditList : public Command {
 public:
  std::string name() const override { return "audit list"; }
  std::string summary() const override { return "List the events of the audit log, the newest last"; }
  std::vector<std::string> examples() const override {
    return {"aidp audit list --limit 20", "aidp audit list --event job. --since 2026-11-01"};
  }
  void setup(CLI::App& app) override {
    app.add_option("--limit", limit_, "How many of the newest events to list; 0: all")->capture_default_str();
    app.add_option("--event", event_, "Only events whose name begins like this, such as model. or job.started");
    app.add_option("--job", job_, "Only events of this job: its id, or the beginning of it");
    app.add_option("--since", since_, "Only events from this day or time on (UTC)");
  }
  Exit run(const Globals& globals) override {
    Reader store(globals);
    const auto since = since_.empty() ? std::string() : to_text(parse_time(since_));
    auto rows = store.database.prepare(
        "SELECT seq, data FROM (SELECT seq, data FROM audit_leaf WHERE NOT json_valid(data) OR (data ->> 'event' LIKE ?1 || '%' AND "
        "coalesce(data ->> 'job', '') LIKE ?2 || '%' AND data ->> 'time' >= ?3) ORDER BY seq DESC LIMIT ?4) ORDER BY seq");
    rows.bind(1, event_).bind(2, job_).bind(3, since).bind(4, limit_ > 0 ? static_cast<std::int64_t>(limit_) : std::int64_t{-1});
    std::vector<std::vector<std::string>> table{{"LEAF", "TIME", "EVENT", "WHAT"}};
    std::int64_t damaged = 0;
    while (rows.step()) {
      auto event = event_of(rows.text(1));
      damaged += event["event"] == damaged_event;
      if (globals.json()) {
        event.update({{"type", "leaf"}, {"schema", "aidp.leaf/1"}, {"leaf", rows.integer(0)}});
        print_json(event);
        continue;
      }
      std::vector<std::string> what;
      for (const char* key : {"model", "outcome", "reason", "job", "key"})
        if (const auto text = text_of(event, key); !text.empty()) what.push_back(text.substr(0, 24));
      table.push_back({std::to_string(rows.integer(0)), text_of(event, "time"), text_of(event, "event"), join(what, " ")});
    }
    if (!globals.json()) print_table(table);
    if (damaged == 0) return Exit::ok;
    throw Error(Reason::audit_broken, std::to_string(damaged) + " of these leaves " + (damaged == 1 ? "is" : "are") + " damaged",
                "see `aidp audit verify`");
  }

 private:
  int limit_ = 50;
  std::string event_, job_, since_;
};

class AuditShow : public Command {
 public:
  std::string name() const override { return "audit show"; }
  std::string summary() const override { return "Show one event with its hash"; }
  std::vector<std::string> examples() const override { return {"aidp audit show 0"}; }
  void setup(CLI::App& app) override { app.add_option("LEAF", leaf_, "Number of the leaf, from 0")->required(); }
  Exit run(const Globals& globals) override {
    Reader store(globals);
    auto row = store.database.prepare("SELECT data, hash, (SELECT max(size) FROM audit_head) FROM audit_leaf WHERE seq = ?");
    row.bind(1, leaf_);
    if (!row.step()) throw Error(Reason::usage, "there is no leaf " + std::to_string(leaf_), "see `aidp audit list`");
    const auto event = event_of(row.text(0));
    if (globals.json()) {
      print_json({{"type", "leaf"}, {"schema", "aidp.leaf/1"}, {"leaf", leaf_}, {"hash", row.text(1)}, {"data", event}});
      return Exit::ok;
    }
    std::cout << "leaf " << leaf_ << " of " << row.integer(2) << ", hash " << row.text(1) << "\n" << event.dump(2) << "\n";
    return Exit::ok;
  }

 private:
  std::int64_t leaf_ = 0;
};

class AuditVerify : public Command {
 public:
  std::string name() const override { return "audit verify"; }
  std::string summary() const override { return "Prove that no row was edited, deleted, added or reordered"; }
  std::string details() const override {
    return "Recomputes every hash of the log (RFC 6962) and compares every recorded row with its leaf, each index with its table, and "
           "the schema with that of this aidp. It works in pieces, so it may run beside a job; what is recorded meanwhile is left to the "
           "next check. Anyone who can write to the store can rewrite all of it: --head proves that the log still begins as a report or "
           "a job.json kept elsewhere recorded it, and --out that the store still knows the job of an output folder. The output folders "
           "of all jobs in the store are checked too, if they exist.";
  }
  std::vector<std::string> examples() const override {
    return {"aidp audit verify", "aidp audit verify --head 1200:5f2c...", "aidp audit verify --head /backup/report.json --out /results/ct"};
  }
  void setup(CLI::App& app) override {
    app.add_option("--head", heads_, "A head kept elsewhere: SIZE:ROOT, or a job.json or JSON report that holds one");
    app.add_option("--out", outs_, "An output folder whose job.json must match the store");
  }
  Exit run(const Globals& globals) override {
    Reader store(globals);
    auto [known, findings] = heads_of_outputs(store.database, {outs_.begin(), outs_.end()});
    for (const auto& head : heads_) known.push_back(read_head(head));
    const auto compared = known.size();
    auto verdict = verify(store.database, std::move(known), globals);
    verdict.findings.insert(verdict.findings.begin(), findings.begin(), findings.end());
    print(verdict, compared, globals);
    if (verdict.findings.empty()) return Exit::ok;
    const auto count = verdict.findings.size();
    throw Error(Reason::audit_broken,
                "the audit log has " + (count == 1 ? "a finding: " : std::to_string(count) + " findings, the first: ") +
                    words(verdict.findings.front()),
                "keep this store as it is, restore a backup beside it and tell the clinical safety officer");
  }

 private:
  static AuditVerdict verify(Database& database, std::vector<KnownHead> known, const Globals& globals) {
    const auto progress = make_progress(globals);
    return verify_audit(database, std::move(known), [&](std::int64_t done, std::int64_t total) {
      progress->update({.phase = "verifying", .done = done, .total = total});
    });
  }

  static std::string words(const AuditFinding& finding) {
    return (finding.leaf >= 0 ? "leaf " + std::to_string(finding.leaf) + ": " : "") + printable(finding.what);
  }

  static void print(const AuditVerdict& verdict, std::size_t heads, const Globals& globals) {
    if (globals.json()) {
      auto findings = nlohmann::json::array();
      for (const auto& finding : verdict.findings) findings.push_back({{"leaf", finding.leaf}, {"what", finding.what}});
      print_json({{"type", "audit"},
                  {"schema", "aidp.audit/1"},
                  {"leaves", verdict.leaves},
                  {"root", verdict.root},
                  {"rows", verdict.rows},
                  {"heads_elsewhere", heads},
                  {"intact", verdict.findings.empty()},
                  {"findings", findings}});
      return;
    }
    for (const auto& finding : verdict.findings) std::cout << words(finding) << "\n";
    std::vector<std::string> rows;
    for (const auto& [table, count] : verdict.rows) rows.push_back(std::to_string(count) + " of " + table);
    std::cout << counted(verdict.leaves, "leaf", "leaves") << ", root " << verdict.root
              << (verdict.findings.empty() ? ": intact" : ": BROKEN") << "\n"
              << "rows: " << join(rows, ", ") << "; heads kept elsewhere: " << heads << "\n";
  }

  std::vector<std::string> heads_, outs_;
};
}  // namespace

std::unique_ptr<Command> make_audit_list() { return std::make_unique<AuditList>(); }
std::unique_ptr<Command> make_audit_show() { return std::make_unique<AuditShow>(); }
std::unique_ptr<Command> make_audit_verify() { return std::make_unique<AuditVerify>(); }

}  // namespace aidp
