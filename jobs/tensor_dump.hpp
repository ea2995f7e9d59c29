// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "jobs/plan.hpp"
#include "jobs/run.hpp"
#include "jobs/workforce.hpp"

namespace aidp {

// Writes what the model would be given of each item of the plan into one HDF5 file, published whole, and counts into `dump`. An item that
// gives none is warned of. Throws Error(nothing_matched) where none does, and as run() does.
void write_tensors(const Package& package, const Plan& plan, HeaderIndex& index, Workforce& workforce, const std::string& device,
                   const std::filesystem::path& file, ProgressSink& progress, TensorDump& dump);

}  // namespace aidp
