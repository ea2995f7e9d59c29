// SPDX-License-Identifier: Apache-2.0
#include "core/audit/verify.hpp"
#include "core/results/write.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/base/file.hpp"
#include "core/base/ids.hpp"
#include "core/base/text.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
struct Store {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("aidp-results-test-" + new_job_id());
  JobRecord job{"job-1", "key", "digest", "model", "1.0.0", "", "{}", folder.string(), "research", "", ""};
  std::unique_ptr<Database> database;
  std::unique_ptr<Recorder> recorder;
  Store() {
    std::filesystem::create_directories(folder);
    database = std::make_unique<Database>(folder / "aidp.db", Database::Access::write);
    recorder = std::make_unique<Recorder>(*database);
    recorder->begin_job(job);
  }
  ~Store() {
    recorder.reset();
    database.reset();
    std::filesystem::remove_all(folder);
  }
  std::vector<ItemRecord> items() const {
    std::vector<ItemRecord> found;
    recorder->for_each_item("job-1", [&](const ItemRecord& item) { found.push_back(item); });
    return found;
  }
  bool intact() const { return verify_audit(*database).findings.empty(); }
};

ItemRecord item(int i, Outcome outcome = Outcome::completed) {
  ItemRecord record;
  record.key = hex(sha256(std::to_string(i)));
  record.study_uid = "1." + std::to_string(i);
  record.series_uid = "2." + std::to_string(i);
  record.outcome = outcome;
  if (outcome == Outcome::completed) {
    record.values = {{"score", -0.5 + i}};
    record.flags = {{"score", i > 1}};
    record.artefacts = {{"masks/a.nii.gz", std::string(64, 'a'), "lesion"}};
  } else {
    record.reason = Reason::model_threw;
    record.message = "=HYPERLINK(\"x\"), it said \x1b[31m";
  }
  record.queued = parse_time("2026-11-01");
  record.finished = record.queued + std::chrono::seconds(3);
  return record;
}

SeriesRecord series(int i, Outcome outcome = Outcome::completed) {
  SeriesRecord record;
  record.study_uid = "1." + std::to_string(i);
  record.series_uid = "2." + std::to_string(i);
  record.attributes = {{"Modality", "CT"}, {"InstitutionName", "North"}};
  record.instances = 5;
  record.outcome = outcome;
  return record;
}

const std::vector<OutputColumn> outputs{{"score", "1", "Score of the model", false, true},
                                        {"lesion", "", "Mask of the model", true, false}};

// Nothing that was not seen is there.
UnseenRows all_gone(bool whole_series = false) {
  return {whole_series, [](const ItemIdentity&) { return Source::gone; }, [](const SeriesRecord&) { return Source::gone; }};
}

std::vector<Digest> keys(std::initializer_list<ItemRecord> items) {
  std::vector<Digest> digests;
  for (const auto& record : items) digests.push_back(digest_from_hex(record.key));
  std::ranges::sort(digests);
  return digests;
}
}  // namespace

TEST_CASE("a completed item is never replaced, a failed one is by its retry") {
  Store store;
  store.recorder->commit("job-1", {item(1), item(2, Outcome::failed)}, {}, {});
  CHECK(store.recorder->completed("job-1", item(1).key).value().at(0).path == "masks/a.nii.gz");
  CHECK_FALSE(store.recorder->completed("job-1", item(2).key));
  auto again = item(1);
  again.values = {{"score", 99}};
  store.recorder->commit("job-1", {again, item(2)}, {}, {});
  const auto items = store.items();
  REQUIRE(items.size() == 2);
  CHECK(items[0].values.at("score") == 0.5);
  CHECK(items[1].outcome == Outcome::completed);
  CHECK(items[1].flags.at("score"));
  CHECK(items[1].artefacts.at(0).path == "masks/a.nii.gz");
  CHECK(store.intact());
}

TEST_CASE("an item whose artefact was made anew with other bytes replaces the one that tells of the old bytes") {
  Store store;
  store.recorder->commit("job-1", {item(1)}, {}, {});
  auto again = item(1);
  again.artefacts.at(0).sha256 = std::string(64, 'b');
  store.recorder->commit("job-1", {again}, {}, {});
  CHECK(store.items().at(0).artefacts.at(0).sha256 == std::string(64, 'b'));
  CHECK(store.intact());
}

TEST_CASE("a series row is replaced by the later one and the same again adds no leaf") {
  Store store;
  store.recorder->commit("job-1", {}, {series(1, Outcome::failed)}, {});
  store.recorder->commit("job-1", {}, {series(1)}, {});
  const auto leaves = verify_audit(*store.database).leaves;
  store.recorder->commit("job-1", {}, {series(1)}, {});
  CHECK(verify_audit(*store.database).leaves == leaves);
  int rows = 0;
  store.recorder->for_each_series("job-1", [&](const SeriesRecord& row) {
    ++rows;
    CHECK(row.outcome == Outcome::completed);
  });
  CHECK(rows == 1);
  CHECK(store.intact());
}

TEST_CASE("a source that goes is marked, its row stays, and it may come back") {
  Store store;
  store.recorder->commit("job-1", {item(1), item(2)}, {series(1), series(2)}, {});
  const auto changes = store.recorder->mark_sources("job-1", keys({item(2)}), {series_key("1.2", "2.2", "")}, all_gone());
  CHECK(changes.gone == 1);
  auto items = store.items();
  REQUIRE(items.size() == 2);
  CHECK(items[0].source == Source::gone);
  CHECK_FALSE(items[0].source_since.empty());
  CHECK(items[1].source == Source::present);
  CHECK(store.recorder->count_rows("job-1").gone == 1);
  CHECK(store.recorder->count_rows("job-1").items.at("completed") == 2);
  CHECK(store.intact());
  const auto leaves = verify_audit(*store.database).leaves;
  store.recorder->mark_sources("job-1", keys({item(2)}), {series_key("1.2", "2.2", "")}, all_gone());
  CHECK(verify_audit(*store.database).leaves == leaves);
  const std::set<std::string> both{series_key("1.1", "2.1", ""), series_key("1.2", "2.2", "")};
  CHECK(store.recorder->mark_sources("job-1", keys({item(1), item(2)}), both, all_gone()).back == 1);
  CHECK(store.items().at(0).source == Source::present);
  CHECK(store.intact());
}

TEST_CASE("another content of the same image supersedes, unless it only could not be read") {
  Store store;
  auto replaced = item(3), unreadable = item(4);
  replaced.study_uid = unreadable.study_uid = "1.1";
  replaced.series_uid = unreadable.series_uid = "2.1";
  unreadable.outcome = Outcome::quarantined;
  unreadable.reason = Reason::dicom_unreadable;
  store.recorder->commit("job-1", {item(1), unreadable}, {}, {});
  CHECK(store.recorder->mark_sources("job-1", keys({unreadable}), {}, all_gone()).gone == 0);
  CHECK(store.recorder->count_rows("job-1").superseded == 0);
  store.recorder->commit("job-1", {replaced}, {}, {});
  CHECK(store.recorder->mark_sources("job-1", keys({replaced}), {}, all_gone()).superseded == 2);
  CHECK(store.recorder->count_rows("job-1").items == std::map<std::string, std::int64_t>{{"completed", 1}});
  CHECK(store.intact());
}

TEST_CASE("volumes of a series stand for each other") {
  Store store;
  auto first = item(1), second = item(2);
  second.study_uid = first.study_uid;
  second.series_uid = first.series_uid;
  second.sop_uid = "9.9";
  store.recorder->commit("job-1", {first, second}, {}, {});
  CHECK(store.recorder->mark_sources("job-1", keys({second}), {}, all_gone(true)).superseded == 1);
  CHECK(store.intact());
}

TEST_CASE("what the headers said is kept once for all items of a series, and bound to the log") {
  Store store;
  auto first = item(1), second = item(2);
  for (auto* record : {&first, &second}) {
    record->provenance.study_date = "2026-11-01";
    record->provenance.kernel = "B30f";
    record->provenance.slice_thickness_mm = "1.25";
  }
  second.source_path = "/in/2.dcm";
  store.recorder->commit("job-1", {first, second}, {}, {});
  CHECK(store.items().at(1).provenance == second.provenance);
  CHECK(store.items().at(1).source_path == "/in/2.dcm");
  auto count = store.database->prepare("SELECT count(*) FROM provenance");
  count.step();
  CHECK(count.integer(0) == 1);
  count.reset();
  CHECK(store.intact());
  store.database->execute("UPDATE provenance SET kernel = 'B70f'");
  CHECK_FALSE(store.intact());
}

TEST_CASE("discarded jobs leave an audit log that verifies") {
  Store store;
  store.recorder->commit("job-1", {item(1), item(2)}, {series(1), series(2)}, {});
  CHECK(store.recorder->discard_job("job-1") == 2);
  CHECK(store.items().empty());
  CHECK_FALSE(store.recorder->job_of(store.folder));
  CHECK(store.intact());
  auto fresh = store.job;
  fresh.id = "job-2";
  store.recorder->begin_job(fresh);
  store.recorder->commit("job-2", {item(1)}, {series(1)}, {});
  store.recorder->end_job("job-2", "finished");
  CHECK(store.recorder->job_of(store.folder)->id == "job-2");
  CHECK(store.intact());
}

TEST_CASE("a group that fails leaves neither rows nor leaves, and the next one works") {
  Store store;
  const auto before = verify_audit(*store.database);
  CHECK_THROWS(store.recorder->commit("no such job", {item(1)}, {}, {}));
  CHECK(verify_audit(*store.database).root == before.root);
  store.recorder->commit("job-1", {item(1)}, {}, {});
  CHECK(store.items().size() == 1);
  CHECK(store.intact());
}

TEST_CASE("files seen are remembered with what they were") {
  Store store;
  store.recorder->commit("job-1", {}, {}, {{"/in/a", {10, 20, 21, 30}, "abc"}});
  store.recorder->commit("job-1", {}, {}, {{"/in/a", {11, 20, 22, 30}, "abd"}});
  CHECK(store.recorder->file("/in/a")->state == FileState{11, 20, 22, 30});
  CHECK(store.recorder->file("/in/a")->state != FileState{11, 20, 21, 30});
  CHECK(store.recorder->file("/in/a")->sha256 == "abd");
  CHECK_FALSE(store.recorder->file("/in/b"));
}

TEST_CASE("results.csv is inert, ordered, and its scientific columns do not depend on how often the job was resumed") {
  Store once, resumed;
  once.recorder->commit("job-1", {item(1), item(2), item(3, Outcome::failed)}, {}, {});
  auto late = item(2);
  late.attempts = 3;
  late.finished += std::chrono::hours(1);
  late.device = "cuda:0";
  resumed.recorder->commit("job-1", {item(3, Outcome::failed), item(2, Outcome::quarantined)}, {}, {});
  resumed.recorder->resume_job(resumed.job);
  resumed.recorder->commit("job-1", {late, item(1)}, {}, {});
  std::vector<std::string> science;
  for (const auto* store : {&once, &resumed}) {
    write_tables(*store->recorder, store->job, outputs, store->folder);
    std::string columns;
    for (auto line : split(read_file(store->folder / "results.csv"), '\n')) {
      for (int volatile_column = 0; volatile_column < 7 && !line.empty(); ++volatile_column) line.resize(line.rfind(','));
      columns += line + "\n";
    }
    science.push_back(columns);
  }
  CHECK(science[0] == science[1]);
  CHECK_THAT(science[0], Catch::StartsWith("key,study_uid,series_uid,sop_uid,frame,outcome,reason,message,score,score_flag,lesion_path,"
                                           "lesion_sha256,purpose,source,source_path,"));
  const auto csv = read_file(once.folder / "results.csv");
  CHECK_THAT(csv, Catch::Contains(",\"'=HYPERLINK(\"\"x\"\"), it said ?[31m\","));
  CHECK_THAT(csv, Catch::Contains(",0.5,0,"));  // a number, not escaped text
}

TEST_CASE("which columns there are does not depend on the rows") {
  Store empty, full;
  full.recorder->commit("job-1", {item(1), item(2)}, {}, {});
  std::vector<std::string> heads;
  for (const auto* store : {&empty, &full}) {
    write_tables(*store->recorder, store->job, outputs, store->folder);
    heads.push_back(split(read_file(store->folder / "results.csv"), '\n').front());
  }
  CHECK(heads[0] == heads[1]);
}

TEST_CASE("results.jsonl opens with the job and closes with counts that add up") {
  Store store;
  store.recorder->commit("job-1", {item(1), item(2), item(3, Outcome::failed)}, {series(1), series(3, Outcome::failed)}, {});
  write_json_lines(*store.recorder, store.job, outputs, store.folder);
  write_tables(*store.recorder, store.job, outputs, store.folder);
  auto lines = split(read_file(store.folder / "results.jsonl"), '\n');
  lines.pop_back();
  REQUIRE(lines.size() == 5);
  CHECK(nlohmann::json::parse(lines[0])["schema"] == "aidp.results/1");
  CHECK(nlohmann::json::parse(lines[1])["values"]["score"] == 0.5);
  const auto columns = nlohmann::json::parse(lines[0])["columns"];
  const auto head = split(split(read_file(store.folder / "results.csv"), '\r').front(), ',');
  REQUIRE(columns.size() == head.size());
  for (std::size_t i = 0; i < head.size(); ++i) CHECK(columns[i]["name"] == head[i]);
  const auto summary = nlohmann::json::parse(lines[4]);
  CHECK(summary["items"] == 3);
  CHECK(summary["items_by_outcome"]["failed"] == 1);
  CHECK(summary["flagged"] == 1);
  CHECK_THAT(read_file(store.folder / "ledger.csv"), Catch::Contains("1.1,2.1,,CT,,,North,5,completed,,,present,\r\n"));
}

TEST_CASE("a group of 256 items is committed in milliseconds") {
  Store store;
  std::vector<ItemRecord> items;
  for (int i = 0; i < 256; ++i) items.push_back(item(i));
  const auto start = std::chrono::steady_clock::now();
  store.recorder->commit("job-1", items, {}, {});
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  CHECK(took.count() < 250);  // 6 ms on two cores; the bound only catches a blunder on a slow disk
}
