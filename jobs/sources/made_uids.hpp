// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/dicom/header.hpp"
#include "jobs/protocol/scanned_file.hpp"

namespace aidp {

// From where folders are named in made UIDs: the folder above the one that all inputs lie in, so that an input's own name counts, and not
// where a share is mounted. `inputs`: absolute.
std::filesystem::path base_of(const std::vector<std::filesystem::path>& inputs);
// What stands for the folder of a file in made UIDs: its path from `base`, or its whole path where it lies elsewhere. Never empty.
std::string folder_name(const std::filesystem::path& base, const std::string& file);

// The UIDs of a file: its own, and where it says none those that are made of its folder and, for SOPInstanceUID, of its name. The same
// place gives the same UIDs (2.25., PS3.5 B.2). A study is made of its series where that has a UID, so that no series is torn apart.
struct CompleteUids {
  std::string study, series, instance;
  MadeUids made;
};
CompleteUids complete_uids(const ScannedFile& file, const std::string& path, const std::string& folder);

// "StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID", those that are made.
std::string names_of(const MadeUids& made);
// What a result says of them; empty: none is made.
std::string note_on(const MadeUids& made);

}  // namespace aidp
