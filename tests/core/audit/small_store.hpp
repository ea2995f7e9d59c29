// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/audit/verify.hpp"
#include "core/base/ids.hpp"
#include "core/results/record.hpp"

namespace aidp {

inline JobRecord small_job(const std::string& id) {
  JobRecord job;
  job.id = id;
  job.key = "key of " + id;
  job.model_digest = "digest";
  job.model_name = "model";
  job.model_version = "1.0.0";
  job.settings = "{}";
  job.out = "/out/" + id;
  return job;
}

// A store of its own, gone afterwards, with a small job in it.
struct SmallStore {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("aidp-audit-test-" + new_job_id());
  std::unique_ptr<Database> database;
  SmallStore() {
    std::filesystem::create_directories(folder);
    database = std::make_unique<Database>(folder / "aidp.db", Database::Access::write);
    Recorder recorder(*database);
    recorder.begin_job(small_job("job-1"));
    std::vector<ItemRecord> items;
    for (int i = 0; i < 20; ++i) {
      ItemRecord item;
      item.key = hex(sha256(std::to_string(i)));
      item.study_uid = "1." + std::to_string(i);
      item.series_uid = "2." + std::to_string(i);
      item.values = {{"score", i / 20.0}};
      items.push_back(item);
    }
    std::vector<FileRecord> files;
    for (int i = 1; i <= 5; ++i) files.push_back({"/in/" + std::to_string(i), {1, 2, 3, 4}, "a"});
    SeriesRecord series;
    series.study_uid = "1.0";
    series.series_uid = "2.0";
    series.attributes = nlohmann::json::object();
    series.instances = 1;
    recorder.commit("job-1", items, {series}, files);
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

}  // namespace aidp
