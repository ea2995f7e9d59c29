// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/model/repository.hpp"
#include "jobs/run/progress.hpp"

namespace aidp {

struct GoldenResult {
  std::string name, stage, output;       // stage: preprocess, model (both of a whole tensor, without an output), value
  double expected = 0, got = 0;          // of a value
  double difference = 0, tolerance = 0;  // the largest of the stage
  bool passed = false;
  std::string message;  // why there is no value, else empty
};
struct GoldenRun {
  std::string device;  // on which the cases ran
  std::vector<GoldenResult> results;
};
// Runs a package's golden cases through the whole pipeline, without touching the store's results. One result for each case and output,
// and for each stage that the case has a reference tensor of; a value that is not given, or beyond the tolerance, is told in it. Throws
// Error(device_missing, model_load, environment_lacking, interrupted, terminated), and the reason of a golden input that is refused.
GoldenRun run_golden(const Package& package, const std::string& device, ProgressSink& progress);

}  // namespace aidp
