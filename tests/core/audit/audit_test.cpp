// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <functional>

#include "core/audit/log.hpp"
#include "core/base/ids.hpp"
#include "core/results/record.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
// A store of its own, gone afterwards, with a small job in it.
struct SmallStore {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("aidp-audit-test-" + new_job_id());
  std::unique_ptr<Database> database;
  SmallStore() {
    std::filesystem::create_directories(folder);
    database = std::make_unique<Database>(folder / "aidp.db", Database::Access::write);
    Recorder recorder(*database);
    recorder.begin_job({"job-1", "key", "digest", "model", "1.0.0", "", "{}", "/out"});
    std::vector<ItemRecord> items;
    for (int i = 0; i < 20; ++i) {
      ItemRecord item;
      item.key = hex(sha256(std::to_string(i)));
      item.study_uid = "1." + std::to_string(i);
      item.series_uid = "2." + std::to_string(i);
      item.values = {{"score", i / 20.0}};
      items.push_back(item);
    }
    recorder.commit("job-1", items, {{"1.0", "2.0", "", nlohmann::json::object(), 1, Outcome::completed, {}, ""}}, {});
    recorder.end_job("job-1", "finished");
  }
  ~SmallStore() {
    database.reset();
    std::filesystem::remove_all(folder);
  }
  std::size_t findings_after(const std::string& sql) {
    database->execute(sql);
    return verify_audit(*database).findings.size();
  }
};
}  // namespace

// RFC 6962 2.1.3 and the reference values of certificate-transparency's merkle_tree_test.
TEST_CASE("tree heads are those of RFC 6962") {
  CHECK(hex(merkle_root({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::vector<Digest> leaves{merkle_leaf("")};
  CHECK(hex(merkle_root(leaves)) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  leaves.push_back(merkle_leaf(std::string(1, '\0')));
  CHECK(hex(merkle_root(leaves)) == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

TEST_CASE("an untouched store verifies, also against a head kept elsewhere") {
  SmallStore store;
  const auto verdict = verify_audit(*store.database);
  CHECK(verdict.findings.empty());
  CHECK(verdict.leaves == 23);
  CHECK(verify_audit(*store.database, verdict.root, verdict.leaves).findings.empty());
  CHECK_FALSE(verify_audit(*store.database, hex(sha256("x")), verdict.leaves).findings.empty());
}

TEST_CASE("every edited, deleted, added or reordered row is found") {
  for (const auto* change :
       {"UPDATE item SET outcome = 'failed' WHERE id = 7", "UPDATE item SET \"values\" = '{\"score\":0.9}' WHERE id = 7",
        "DELETE FROM item WHERE id = 7",
        "INSERT INTO item SELECT id + 100, job_id, key || 'x', study_uid, series_uid, sop_uid, frame, outcome, reason, message, attempts, "
        "\"values\", flags, artefacts,"
        " queued_at, finished_at, device, decode_ms, infer_ms, leaf FROM item WHERE id = 7",
        "UPDATE series SET outcome = 'failed'", "UPDATE job SET settings = '{\"a\":1}'", "DELETE FROM audit_leaf WHERE seq = 3",
        "UPDATE audit_leaf SET data = replace(data, 'completed', 'Completed') WHERE seq = 3",
        "UPDATE audit_leaf SET seq = -1 WHERE seq = 3; UPDATE audit_leaf SET seq = 3 WHERE seq = 4; UPDATE audit_leaf SET seq = 4 WHERE "
        "seq = -1",
        "DELETE FROM audit_leaf WHERE seq = (SELECT max(seq) FROM audit_leaf)"}) {
    SmallStore store;
    INFO(change);
    CHECK(store.findings_after(change) > 0);
  }
}
