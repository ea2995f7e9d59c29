// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/manifest/manifest.hpp"
#include "core/model/repository.hpp"
#include "jobs/run/progress.hpp"
#include "jobs/run/sources.hpp"

namespace aidp {

struct SeriesPlanRow {                      // one row of a dry run and of `validate input`
  std::string study_uid, series_uid, path;  // path: a file outside any series
  std::int64_t instances = 0, items = 0;
  bool eligible = false;
  std::string reason, message;  // stable name and words; of an eligible one the words on those of its volumes that are none
  std::vector<RuleVerdict> verdicts;
  nlohmann::json attributes;
};

// Which series of the inputs the model would take, and why not; reads headers only. The store itself is no input.
// Throws Error(usage) where no input is named, Error(path_missing, path_unreadable, environment_lacking, interrupted, terminated).
std::vector<SeriesPlanRow> plan_inputs(const Sources& sources, const Manifest& manifest, ProgressSink& progress);

// What a dump of tensors wrote, and of which series.
struct TensorDump {
  std::vector<SeriesPlanRow> plan;
  std::int64_t written = 0;  // items; with none there is no file
  struct Failure {
    std::string series_uid;
    std::int64_t item = 0;  // from 1
    std::string reason, message;
  };
  std::vector<Failure> failures{};  // items that gave no tensor
};
// The same, and writes what the model would be given of each item to an HDF5 file: datasets 1, 2, ... (float32) with the attributes
// study_uid, series_uid, sop_uid and frame of an image, affine_lps. Throws too as run() does for the model.
TensorDump dump_tensors(const Sources& sources, const Package& package, const std::filesystem::path& file, ProgressSink& progress);

}  // namespace aidp
