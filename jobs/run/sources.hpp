// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/store/home.hpp"
#include "jobs/sources/worklist.hpp"

namespace aidp {

// Where DICOM is looked for, and with what it is read and prepared.
struct Sources {
  Home home;                                  // itself no input
  std::vector<std::filesystem::path> inputs;  // files and folders
  std::optional<Worklist> worklist;           // only what its rows name; without inputs, below their paths
  bool follow_links = false;                  // out of the inputs
  bool group_by_folder = false;               // files without UIDs are a series of their folder (jobs/sources/made_uids)
  int workers = 0;                            // DICOM workers; 0: number of cores
  std::uint64_t memory_bytes = 0;             // pool of decoded pixels, 256 MiB up to RAM; 0: a quarter of RAM, at most 2 GiB
  std::string device = "auto";                // auto, cpu, cuda:N
};

}  // namespace aidp
