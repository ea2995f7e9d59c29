// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/dicomdir.hpp"

#include <optional>

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/sources/names_in_folders.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
bool is_dicomdir(const fs::path& named, const Looked& found) {
  return lower(named.filename().string()).starts_with("dicomdir") && found.kind == PathKind::file;
}

using Names = std::vector<std::string>;  // folder by folder to the file's

// Nothing if the file would lie elsewhere.
std::optional<std::string> path_below(fs::path folder, const Names& names) {
  for (const auto& name : names) {
    if (!is_entry_name(name)) return {};
    folder /= name;
  }
  return folder.string();
}

// What is not there by its very name may be there by one like it.
void look_again(const fs::path& folder, const std::vector<Names>& named, Crew& dicom, std::vector<Looked>& found) {
  NamesInFolders folders(dicom);
  std::vector<std::size_t> which;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto path = found[i].missing ? folders.find(folder, named[i]) : std::nullopt;
    if (!path) continue;
    which.push_back(i);
    paths.push_back(*path);
  }
  auto again = look(dicom, paths);
  for (std::size_t i = 0; i < which.size(); ++i) found[which[i]] = std::move(again[i]);
}

// The files that one DICOMDIR names.
void open_dicomdir(const fs::path& folder, const DirectoryReply& directory, Crew& dicom, std::vector<Looked>& opened,
                   std::vector<LooseFile>& loose) {
  const auto is_lost = [&](const Names& names, const std::string& why) {
    loose.push_back({folder / printable(join(names, "/")), Reason::dicom_unreadable, "the DICOMDIR names this file, but it " + why});
  };
  std::vector<Names> named;
  std::vector<std::string> paths;
  for (const auto& names : directory.files) {
    const auto path = path_below(folder, names);
    if (!path) {
      is_lost(names, "does not exist");
      continue;
    }
    named.push_back(names);
    paths.push_back(*path);
  }
  auto found = look(dicom, paths);
  SignalGuard::check();
  look_again(folder, named, dicom, found);
  SignalGuard::check();
  for (std::size_t i = 0; i < named.size(); ++i)
    if (found[i].kind == PathKind::file)
      opened.push_back(std::move(found[i]));
    else
      is_lost(named[i], found[i].kind == PathKind::unknown && !found[i].missing ? "cannot be examined: " + found[i].why : "does not exist");
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
