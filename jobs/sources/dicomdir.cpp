// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/dicomdir.hpp"

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
bool is_dicomdir(const fs::path& named, const Looked& found) {
  return lower(named.filename().string()).starts_with("dicomdir") && found.kind == PathKind::file;
}

// The path below `folder`, as it is named and in small letters, as media are copied with such names too. Nothing if it would lie elsewhere.
std::optional<std::array<std::string, 2>> paths_below(const fs::path& folder, const std::vector<std::string>& parts) {
  fs::path as_named = folder, small = folder;
  for (const auto& part : parts) {
    if (part.empty() || part == "." || part == ".." || part.find_first_of(std::string_view("/\0", 2)) != std::string::npos) return {};
    as_named /= part;
    small /= lower(part);
  }
  return std::array{as_named.string(), small.string()};
}

// The files that one DICOMDIR names.
void open_dicomdir(const fs::path& folder, const DirectoryReply& directory, Crew& dicom, std::vector<Looked>& opened,
                   std::vector<LooseFile>& loose) {
  std::vector<std::string> paths;
  std::vector<bool> has_paths;
  for (const auto& parts : directory.files) {
    const auto both = paths_below(folder, parts);
    has_paths.push_back(both.has_value());
    if (both) paths.insert(paths.end(), both->begin(), both->end());
  }
  auto found = look(dicom, paths);
  SignalGuard::check();
  auto next = found.begin();
  for (std::size_t i = 0; i < has_paths.size(); ++i) {
    const auto end = next + (has_paths[i] ? 2 : 0);
    const auto file = std::find_if(next, end, [](const auto& each) { return each.kind == PathKind::file; });
    const auto silent = std::find_if(next, end, [](const auto& each) { return each.kind == PathKind::unknown && !each.missing; });
    const auto why =
        silent != end ? "the DICOMDIR names it, but it cannot be looked at: " + silent->why : "the DICOMDIR names it, but it is not there";
    if (file != end)
      opened.push_back(std::move(*file));
    else
      loose.push_back({folder / printable(join(directory.files[i], "/")), Reason::dicom_unreadable, why});
    next = end;
  }
}
}  // namespace

std::vector<Looked> with_dicomdirs_opened(const std::vector<fs::path>& named, std::vector<Looked> found, Crew& dicom,
                                          std::vector<LooseFile>& loose) {
  std::vector<Looked> opened;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (is_dicomdir(named[i], found[i]))
      open_dicomdir(fs::absolute(named[i]).parent_path(), ask(dicom, DirectoryRequest{found[i].path}), dicom, opened, loose);
    else
      opened.push_back(std::move(found[i]));
  return opened;
}

}  // namespace aidp
