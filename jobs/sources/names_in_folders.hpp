// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/process/crew.hpp"

namespace aidp {

// Finds files of a medium by the names that its DICOMDIR has for them, which copying may have changed: other case, or an extension
// (PS3.10 8.2 has none, real copies do). Each folder is listed once, by a DICOM worker.
class NamesInFolders {
 public:
  explicit NamesInFolders(Crew& dicom) : dicom_(dicom) {}
  // The path of the one file below `folder` that these names, folder by folder, can mean; nothing where there is none, or several.
  std::optional<std::string> find(const std::filesystem::path& folder, const std::vector<std::string>& parts);

 private:
  const std::vector<std::string>& names_in(const std::string& folder);
  Crew& dicom_;
  std::map<std::string, std::vector<std::string>> known_;
};

}  // namespace aidp
