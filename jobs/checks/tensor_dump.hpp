// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/run/run.hpp"

namespace aidp {

// Writes what the model would be given of each item of the plan into one HDF5 file, published whole where any gives a tensor, and notes in
// `dump` what did and what did not. Throws as run() does.
void write_tensors(const Package& package, const Plan& plan, HeaderIndex& index, Workforce& workforce, const std::string& device,
                   const std::filesystem::path& file, ProgressSink& progress, TensorDump& dump);

}  // namespace aidp
