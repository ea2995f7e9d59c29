// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/dicomdir.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
bool is_dicomdir(const fs::path& path) {
  std::error_code none;
  return lower(path.filename().string()).starts_with("dicomdir") && fs::is_regular_file(path, none);
}

// The file below `folder`; media are also copied with names in small letters. Nothing where it is not there or would lie elsewhere.
std::optional<fs::path> file_below(const fs::path& folder, const std::vector<std::string>& parts) {
  fs::path as_named = folder, small = folder;
  for (const auto& part : parts) {
    if (part.empty() || part == "." || part == ".." || part.find_first_of(std::string_view("/\0", 2)) != std::string::npos) return {};
    as_named /= part;
    small /= lower(part);
  }
  std::error_code none;
  for (const auto& path : {as_named, small})
    if (fs::is_regular_file(path, none)) return path;
  return {};
}
}  // namespace

std::vector<fs::path> with_dicomdirs_opened(const std::vector<fs::path>& paths, Crew& dicom, std::vector<LooseFile>& loose) {
  std::vector<fs::path> opened;
  for (const auto& path : paths) {
    if (!is_dicomdir(path)) {
      opened.push_back(path);
      continue;
    }
    for (const auto& parts : ask(dicom, DirectoryRequest{path.string()}).files) {
      if (const auto file = file_below(path.parent_path(), parts))
        opened.push_back(*file);
      else
        loose.push_back({path.parent_path() / printable(join(parts, "/")), Reason::dicom_unreadable,
                         "the DICOMDIR names this file, but it does not exist"});
    }
  }
  return opened;
}

}  // namespace aidp
