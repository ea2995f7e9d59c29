// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/model/repository.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t files_at_most = 10000;

[[noreturn]] void invalid(const std::string& what, const std::string& remedy) { throw Error(Reason::package_invalid, what, remedy); }

std::vector<PackageFile> list_package(const fs::path& folder) {
  std::vector<PackageFile> files;
  std::error_code error;
  auto place = folder;
  for (auto it = fs::recursive_directory_iterator(folder, error); !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const auto& entry = *it;
    place = entry.path();
    const auto status = entry.symlink_status();
    const auto path = place.lexically_relative(folder).generic_string();
    if (fs::is_directory(status)) continue;
    if (!fs::is_regular_file(status))
      invalid(path + " in " + folder.string() + " is a link or a special file", "a package may hold only regular files");
    if (printable(path) != path) invalid("a file name in " + folder.string() + " holds control characters", "rename it");
    files.push_back({path, entry.file_size(), hex(sha256_file(place))});
    if (files.size() > files_at_most) invalid(folder.string() + " holds more than 10,000 files", "name the package's own folder");
  }
  errno = error.value();
  if (error) throw_errno("cannot list " + place.string());
  std::ranges::sort(files, {}, &PackageFile::path);
  return files;
}

void need(const std::vector<PackageFile>& files, const std::string& path, const fs::path& folder) {
  if (std::ranges::find(files, path, &PackageFile::path) == files.end())
    invalid("the package " + folder.string() + " has no " + path + ", which its model.yaml names",
            "put the file there or correct model.yaml");
}
}  // namespace

Package read_package(const fs::path& folder) {
  if (!fs::exists(folder)) throw Error(Reason::path_missing, "no such package: " + folder.string(), "name a folder with a model.yaml");
  if (!fs::is_directory(folder) || !fs::exists(folder / "model.yaml"))
    invalid(folder.string() + " is not a model package: it has no model.yaml", "name a folder with model.yaml and the artifact");
  Package package;
  package.folder = folder;
  package.manifest = load_manifest(folder / "model.yaml");
  package.files = list_package(folder);
  need(package.files, fs::path(package.manifest.artifact_file).lexically_normal().generic_string(), folder);
  for (const auto& golden : package.manifest.golden)
    for (const auto& path : {golden.input, golden.tensor, golden.output})
      if (!path.empty() && !fs::exists(folder / path)) need(package.files, path, folder);
  package.digest = hex(sha256(listing_of(package)));
  return package;
}

std::string listing_of(const Package& package) {
  std::string listing;
  for (const auto& file : package.files) listing += file.sha256 + "  " + std::to_string(file.size) + "  " + file.path + "\n";
  return listing;
}

}  // namespace aidp
