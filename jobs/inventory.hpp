// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/dicom/header.hpp"
#include "jobs/crew.hpp"

namespace aidp {

// A file that belongs to no series, and why.
struct LooseFile {
  std::string path;
  Reason reason = Reason::not_dicom;
  std::string message;
};

// A series as found: its headers in the order of their paths. What all instances share is kept in the first alone, so that the
// index of a large archive stays small: `attributes` and the study and series UIDs.
struct SeriesInput {
  std::string study_uid, series_uid;
  std::vector<InstanceHeader> instances;
  std::int64_t files = 0;  // of the series, with byte-identical copies of an instance, which are left out of `instances`
};

struct Inventory {
  std::int64_t files = 0;
  std::vector<SeriesInput> series;  // ordered by study, series
  std::vector<LooseFile> loose;     // ordered by path
};

// The input as it is really called. Throws Error(path_missing, path_unreadable).
std::filesystem::path check_input(const std::filesystem::path& input);

// What is read, and what lies below it without being input: the store and the output folder, which need not be there.
struct Inputs {
  std::vector<std::filesystem::path> paths, left_out;
};

// Every regular file below the inputs, in order, each once, but none below a folder that is left out. Folders that cannot be listed and
// files that are neither regular nor a link inside its root go to `loose`. Throws Error(path_missing, path_unreadable) for an input itself.
std::vector<std::string> list_files(const Inputs& inputs, std::vector<LooseFile>& loose);

// Reads every header by the DICOM crew. `keywords`: attributes to bring beside surveillance_keywords().
Inventory take_inventory(const Inputs& inputs, const std::vector<std::string>& keywords, Crew& dicom,
                         const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace aidp
