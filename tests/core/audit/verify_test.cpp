// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/audit/heads.hpp"
#include "core/audit/log.hpp"
#include "core/base/error.hpp"
#include "core/store/schema.hpp"
#include "core/store/schema_check.hpp"
#include "tests/catch.hpp"
#include "tests/core/audit/small_store.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

TEST_CASE("every edited, deleted, added or reordered row is found") {
  for (const auto* change :
       {"UPDATE item SET outcome = 'failed' WHERE id = 7", "UPDATE item SET \"values\" = '{\"score\":0.9}' WHERE id = 7",
        "DELETE FROM item WHERE id = 7", "UPDATE item SET id = 107 WHERE id = 7", "UPDATE item SET leaf = 1000000 WHERE id = 7",
        "UPDATE series SET outcome = 'failed'", "UPDATE job SET settings = '{\"a\":1}'", "DELETE FROM audit_leaf WHERE seq = 3",
        "UPDATE audit_leaf SET data = replace(data, 'completed', 'Completed') WHERE seq = 3",
        "UPDATE audit_leaf SET seq = -1 WHERE seq = 3; UPDATE audit_leaf SET seq = 3 WHERE seq = 4; UPDATE audit_leaf SET seq = 4 WHERE "
        "seq = -1",
        "DELETE FROM audit_leaf WHERE seq = (SELECT max(seq) FROM audit_leaf)", "UPDATE file SET sha256 = 'b' WHERE path = '/in/3'",
        "UPDATE file SET size = 9 WHERE path = '/in/3'", "DELETE FROM file WHERE path = '/in/3'", "DELETE FROM file",
        "INSERT INTO file SELECT '/in/x', leaf, size, mtime_ns, ctime_ns, inode, sha256 FROM file WHERE path = '/in/3'",
        "INSERT INTO file VALUES ('/in/3', 1000000, 1, 2, 3, 4, 'b')", "UPDATE file SET path = '/in/33' WHERE path = '/in/3'"}) {
    SmallStore store;
    INFO(change);
    CHECK(store.findings_after(change) > 0);
  }
}

TEST_CASE("a file that was read again has a row of its own, and both are as their leaves say") {
  SmallStore store;
  Recorder recorder(*store.database);
  const FileRecord same{"/in/1", {1, 2, 3, 4}, "a"}, changed{"/in/2", {1, 2, 3, 5}, "c"};
  recorder.commit("job-1", {}, {}, {same, changed});
  CHECK(recorder.file("/in/1")->sha256 == "a");
  CHECK(recorder.file("/in/2")->sha256 == "c");
  const auto verdict = verify_audit(*store.database);
  CHECK(verdict.findings.empty());
  CHECK(verdict.rows.at("file") == 6);
  CHECK(store.findings_after("UPDATE file SET sha256 = 'z' WHERE path = '/in/2' AND sha256 = 'a'") == 1);
}

TEST_CASE("an index without what its table holds is found, though every lookup by row finds it") {
  SmallStore store;
  const auto file = store.folder / "aidp.db";
  store.database.reset();
  Database plain(
      file, Database::Scratch{static_cast<std::int64_t>(schema_steps().size()), ""});  // not defended: as another program would open it
  plain.execute(
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX item_finished ON item(finished_at) WHERE 0' "
      "WHERE name = 'item_finished'; PRAGMA writable_schema = RESET; REINDEX item_finished");
  plain.execute(
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX item_finished ON item(finished_at)' "
      "WHERE name = 'item_finished'; PRAGMA writable_schema = RESET");
  auto row = plain.prepare("SELECT count(*) FROM item INDEXED BY item_finished WHERE finished_at >= ''");
  REQUIRE(row.step());
  REQUIRE(row.integer(0) == 0);
  const auto findings = verify_audit(plain).findings;
  REQUIRE_FALSE(findings.empty());
  CHECK_THAT(findings[0].what, Catch::Contains("item_finished"));
}

TEST_CASE("triggers, views and columns that are not of our schema are found, and a missing table ends in a finding") {
  for (const auto* change : {"CREATE TRIGGER sly AFTER INSERT ON item BEGIN DELETE FROM item; END", "CREATE VIEW sly AS SELECT 1",
                             "DROP INDEX item_order", "ALTER TABLE item ADD COLUMN sly TEXT", "CREATE TABLE sly (x)", "DROP TABLE file"}) {
    SmallStore store;
    INFO(change);
    CHECK(store.findings_after(change) == 1);
  }
}

namespace {
// Appends leaves as whoever can write to the store might: with right hashes and heads.
void forge(Database& database, const std::vector<nlohmann::json>& events) {
  AuditLog log(database);
  Transaction transaction(database);
  for (const auto& event : events) log.append(event);
  log.seal();
  transaction.commit();
}
}  // namespace

TEST_CASE("outcomes outside a job's span are found, and within a resumed one they are not") {
  const nlohmann::json outcome{{"event", "item.failed"}, {"job", "job-1"}}, resumed{{"event", "job.resumed"}, {"job", "job-1"}};
  SmallStore after, unknown, within;
  forge(*after.database, {outcome});
  CHECK(verify_audit(*after.database).findings.size() == 1);
  forge(*unknown.database, {{{"event", "series.completed"}, {"job", "job-2"}}});
  CHECK(verify_audit(*unknown.database).findings.size() == 1);
  forge(*within.database, {resumed, outcome});
  CHECK(verify_audit(*within.database).findings.empty());
}

TEST_CASE("an item that is completed twice is found, and one whose mask was made again is not") {
  SmallStore store;
  Recorder recorder(*store.database);
  recorder.resume_job(small_job("job-1"));
  ItemRecord item;
  item.key = hex(sha256("0"));
  item.artefacts = {{"masks/1.nii.gz", "abc", "mask"}};
  recorder.commit("job-1", {item}, {}, {});
  CHECK(verify_audit(*store.database).findings.empty());
  AuditLog log(*store.database);
  Transaction transaction(*store.database);
  log.append_row({{"event", "item.completed"}, {"job", "job-1"}}, "item", 1);
  log.seal();
  transaction.commit();
  const auto findings = verify_audit(*store.database).findings;
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0].what, Catch::Contains("item 1 was completed by leaf") && Catch::Contains("and again by leaf"));
}

TEST_CASE("JSON of any depth in a leaf or a key is a finding and no crash") {
  const auto deep = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  for (const int depth : {100, 10'000, 1'000'000}) {
    SmallStore store;
    auto write = store.database->prepare("UPDATE audit_leaf SET data = ?1, hash = ?2 WHERE seq = 3");
    for (const auto& data : {deep(depth), "{\"event\":\"item.completed\",\"table\":\"item\",\"row\":" + deep(depth) + "}"}) {
      write.bind(1, data).bind(2, hex(merkle_leaf(data))).run();
      const auto findings = verify_audit(*store.database).findings;
      CHECK(std::ranges::any_of(findings, [](const auto& finding) { return finding.what == "leaf 3 is not an event"; }));
    }
  }
}

TEST_CASE("a leaf names the columns that it hashes, and one of an earlier schema hashed all of its own") {
  SmallStore store;
  const auto leaf_of_item = [&] {
    auto row = store.database->prepare("SELECT seq, data FROM audit_leaf WHERE data ->> 'table' = 'item' LIMIT 1");
    REQUIRE(row.step());
    return std::pair(row.integer(0), nlohmann::json::parse(row.text(1)));
  };
  auto [seq, event] = leaf_of_item();
  const auto columns = event.at("columns").get<std::vector<std::string>>();
  CHECK(std::ranges::find(columns, "outcome") != columns.end());
  CHECK(std::ranges::find(columns, "leaf") == columns.end());

  // As schema 2 wrote it.
  store.database->prepare("UPDATE item SET provenance = NULL WHERE leaf = ?").bind(1, seq).run();
  auto old_columns = columns_at(2, "item");
  std::erase(old_columns, "leaf");
  auto row = store.database->prepare("SELECT * FROM item WHERE leaf = ?");
  REQUIRE(row.bind(1, seq).step());
  std::vector<int> positions;
  for (int column = 0; column < row.columns(); ++column)
    if (std::ranges::find(old_columns, row.column_name(column)) != old_columns.end()) positions.push_back(column);
  event["row_sha256"] = row_sha256(row, positions);
  row.reset();
  event.erase("columns");
  store.database->prepare("UPDATE audit_leaf SET data = ?2, hash = ?3 WHERE seq = ?1")
      .bind(1, seq)
      .bind(2, event.dump())
      .bind(3, hex(merkle_leaf(event.dump())))
      .run();
  for (const auto& finding : verify_audit(*store.database).findings) CHECK_THAT(finding.what, !Catch::Contains("item"));
  CHECK(std::ranges::any_of(verify_audit(*store.database).findings,
                            [](const auto& finding) { return finding.what.find("head") != std::string::npos; }));
}

TEST_CASE("a column that a leaf does not name must hold its default") {
  SmallStore store;
  store.database->execute(
      "INSERT INTO model (digest, name, version, manifest, state, changed_at, leaf) VALUES ('d', 'm', '1.0.0', 'x', 'installed', 't', 0)");
  auto row = store.database->prepare("SELECT digest, name, version, manifest, state, changed_at FROM model");
  REQUIRE(row.step());
  nlohmann::json event{{"event", "model.installed"}, {"table", "model"}, {"row", "d"}, {"row_sha256", row_sha256(row)}};
  row.reset();
  AuditLog log(*store.database);
  store.database->prepare("UPDATE model SET leaf = ?").bind(1, log.size()).run();
  forge(*store.database, {event});
  CHECK(verify_audit(*store.database).findings.empty());
  CHECK(store.findings_after("UPDATE model SET manifest_json = '{}'") == 1);
}

TEST_CASE("what is appended while a log is verified is left to the next time, and what is dropped meanwhile is not missed") {
  SmallStore store;
  Database other(store.folder / "aidp.db", Database::Access::write);
  Recorder recorder(other);
  recorder.resume_job(small_job("job-1"));
  for (int i = 0; i < 1500; ++i) {
    ItemRecord item;
    item.key = hex(sha256("more " + std::to_string(i)));
    recorder.commit("job-1", {item}, {}, {});
    if (i == 0) other.execute("PRAGMA synchronous = OFF");
  }
  int calls = 0;
  std::int64_t leaves = 0;
  const auto verdict = verify_audit(*store.database, {}, [&](std::int64_t, std::int64_t) {
    if (++calls == 1) leaves = AuditLog(other).size();
    ItemRecord item;
    item.key = hex(sha256("beside " + std::to_string(calls)));
    recorder.commit("job-1", {item}, {}, {{"/in/" + std::to_string(calls), {9, 9, 9, 9}, "beside"}});
    AuditLog log(other);
    Transaction transaction(other);
    const auto id = 1500 - calls;
    log.append_dropped({{"event", "item.dropped"}, {"job", "job-1"}}, "item", id);
    other.prepare("DELETE FROM item WHERE id = ?").bind(1, id).run();
    log.seal();
    transaction.commit();
  });
  CHECK(calls > 5);
  CHECK(verdict.findings.empty());
  CHECK(verdict.leaves == leaves);
  CHECK(verify_audit(*store.database).findings.empty());
}

TEST_CASE("two writers on one store make one log, whoever is first") {
  SmallStore store;
  Database other(store.folder / "aidp.db", Database::Access::write);
  Recorder first(*store.database), second(other);
  first.begin_job(small_job("job-a"));
  second.begin_job(small_job("job-b"));
  for (int i = 0; i < 20; ++i) {
    ItemRecord item;
    item.key = hex(sha256(std::to_string(i)));
    (i % 3 == 0 ? first : second).commit(i % 3 == 0 ? "job-a" : "job-b", {item}, {}, {{"/in/" + item.key, {1, 2, 3, 4}, "a"}});
  }
  second.end_job("job-b", "finished");
  first.end_job("job-a", "finished");
  const auto verdict = verify_audit(other);
  CHECK(verdict.findings.empty());
  CHECK(verdict.leaves == AuditLog(other).size());
}

TEST_CASE("rows that a busy store does not take are still the caller's, and are taken once it is free") {
  SmallStore store;
  Recorder recorder(*store.database);
  recorder.resume_job(small_job("job-1"));
  ItemRecord item;
  item.key = hex(sha256("late"));
  Database reader(store.folder / "aidp.db", Database::Access::read);
  {
    const Snapshot held(reader);
    CHECK(reader.prepare("SELECT 1 FROM item").step());
    CHECK_FALSE(recorder.try_commit("job-1", {item}, {}, {}));
  }
  CHECK_FALSE(recorder.completed("job-1", item.key));
  CHECK(recorder.try_commit("job-1", {item}, {}, {}));
  CHECK(recorder.completed("job-1", item.key));
  CHECK(verify_audit(*store.database).findings.empty());
}

TEST_CASE("heads are read from a job.json, a report, a verdict or as SIZE:ROOT, and from nothing else") {
  const Scratch scratch;
  const std::string root(64, 'a');
  for (const auto& text : {R"({"summary": {"audit_size": 12, "audit_root": ")" + root + "\"}}",
                           R"({"audit": {"size": 12, "root": ")" + root + "\"}}", R"({"leaves": 12, "root": ")" + root + "\"}"}) {
    const auto head = read_head(scratch.file("head.json", text));
    CHECK(head.size == 12);
    CHECK(head.root == root);
  }
  CHECK(read_head("12:" + root).size == 12);
  for (const auto& wrong : std::vector<std::string>{"12:" + root + "a", "-1:" + root, ":" + root, "12", scratch.file("x.json", "{}"),
                                                    scratch.file("y.json", "[[")})
    CHECK_THROWS_AS(read_head(wrong), Error);
}

TEST_CASE("a store that was emptied is betrayed by the output folders") {
  const Scratch out;
  SmallStore store;
  const auto verdict = verify_audit(*store.database);
  out.file("job.json",
           nlohmann::json{{"job", "job-1"}, {"summary", {{"audit_size", verdict.leaves}, {"audit_root", verdict.root}}}}.dump());
  store.database->prepare("UPDATE job SET out = ?").bind(1, out.folder.string()).run();
  auto own = heads_of_outputs(*store.database, {});
  REQUIRE(own.heads.size() == 1);
  CHECK(own.heads[0].size == verdict.leaves);

  Database empty(store.folder / "empty.db", Database::Access::write);
  CHECK(verify_audit(empty).findings.empty());
  const auto told = heads_of_outputs(empty, {out.folder});
  REQUIRE(told.findings.size() == 1);
  CHECK_THAT(told.findings[0].what, Catch::Contains("does not know job job-1"));
  CHECK(verify_audit(empty, told.heads).findings.size() == 1);
}

TEST_CASE("a copy that SQLite's backup makes while a writer goes on verifies") {
  SmallStore store;
  Recorder recorder(*store.database);
  recorder.resume_job(small_job("job-1"));
  store.database->prepare("VACUUM INTO ?").bind(1, (store.folder / "copy.db").string()).run();
  ItemRecord item;
  item.key = hex(sha256("later"));
  recorder.commit("job-1", {item}, {}, {});
  Database copy(store.folder / "copy.db", Database::Access::read);
  const auto verdict = verify_audit(copy);
  CHECK(verdict.findings.empty());
  CHECK(verify_audit(*store.database, {{verdict.leaves, verdict.root, "the copy"}}).findings.empty());
}
