// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace aidp {

// Writes results.h5 from results.jsonl: a group `items` with one 1-D dataset per column (text as variable-length UTF-8, numbers
// as float64 with NaN where absent), all of one length and in the file's order; attributes of the root: schema, job, model.
// Published whole. A library of its own (aidp_hdf5), linked by the DICOM worker: HDF5's start-up would cost `aidp` its 10 ms.
void write_hdf5(const std::filesystem::path& results_jsonl, const std::filesystem::path& file);
std::string hdf5_version();

}  // namespace aidp
