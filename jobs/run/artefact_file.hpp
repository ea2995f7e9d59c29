// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "jobs/run/batch.hpp"

namespace aidp {

// Where an item's file of an output goes within the output folder, so that a person finds it: FOLDER/STUDY/SERIES[.N].OUTPUT.KEY.ENDING, N
// a frame or volume of several, counted from 1, KEY the first 8 digits of the item's key.
std::string artefact_file(const BatchItem& item, const Output& output);

// Whether `bytes` more cannot be written below a folder: a writer that says that the disk is full is not believed.
bool is_full(const std::filesystem::path& folder, std::size_t bytes);

}  // namespace aidp
