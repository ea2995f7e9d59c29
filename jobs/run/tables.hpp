// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/manifest/manifest.hpp"
#include "core/results/write.hpp"
#include "jobs/process/workforce.hpp"

namespace aidp {

// The outputs of a model as columns of its results.
std::vector<OutputColumn> output_columns(const Manifest& manifest);

// Renders results.jsonl, results.h5 (which the writer writes), results.csv and ledger.csv of a job into its output folder, from the
// store, each whole or not at all. Throws as publish_stream() does, and with the worker's reason.
void write_results(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs, Workforce& workforce);

}  // namespace aidp
