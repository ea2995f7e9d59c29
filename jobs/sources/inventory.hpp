// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "jobs/process/crew.hpp"
#include "jobs/sources/header_index.hpp"
#include "jobs/sources/look.hpp"
#include "jobs/sources/worklist.hpp"

namespace aidp {

struct Inventory {
  std::int64_t files = 0;
  std::int64_t headers_read = 0;      // of them; the index knew the others
  double scan_seconds = 0;            // from the first listed to the last read
  std::vector<SeriesInput> series;    // ordered by study, series; their headers are in the index
  std::vector<LooseFile> loose;       // ordered by path
  std::vector<std::string> unlisted;  // folders that could not be listed: what lies in them is not known to be gone
  std::vector<WorklistResult> rows;   // of the worklist: what they found
};

// An input must be there and readable. `named`: as the user did. Throws Error(path_missing, path_unreadable).
void check_input(const std::filesystem::path& named, const Looked& found);

// What is read, and what lies below it without being input: the store and the output folder, which need not be there.
struct Inputs {
  std::vector<std::filesystem::path> paths, left_out;
  const Worklist* worklist = nullptr;  // only what its rows name
  bool whole_series = false;           // or the whole series of that
  bool follow_links = false;           // links that lead out of a root too
  // From where folders are named in the UIDs that are made for files without (jobs/sources/made_uids); nothing: these are refused.
  std::optional<std::filesystem::path> group_from{};
  std::chrono::milliseconds answer_within = look_timeout;  // a folder that does not is not listed
};

// Every regular file below the inputs, but none below a folder that is left out. Folders that cannot be listed and files that are neither
// regular nor a link inside its root go to `loose`. Throws Error(path_missing, path_unreadable) for an input itself.
struct ListedFile {
  std::string path;
  std::int64_t size = 0;  // 0 if it could not be looked at
};
std::vector<ListedFile> list_files(const Inputs& inputs, Crew& dicom, std::vector<LooseFile>& loose);

// Has the DICOM crew list the inputs and read the headers that the index does not know; ends at once on a signal. `progress`: files read,
// of how many; 0 while that is not known. Throws as list_files() and HeaderIndex do.
Inventory take_inventory(const Inputs& inputs, HeaderIndex& index, Crew& dicom,
                         const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace aidp
