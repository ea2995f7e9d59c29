// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/audit/log.hpp"
#include "core/base/time.hpp"
#include "core/manifest/manifest.hpp"
#include "core/store/database.hpp"
#include "core/store/home.hpp"

namespace aidp {

struct PackageFile {
  std::string path;  // relative, '/' separators
  std::uint64_t size = 0;
  std::string sha256;
};

// A folder with model.yaml, the artifact and golden cases. Its digest is the SHA-256 of its sorted file list:
// one line "<sha256>  <size>  <path>\n" per file. Throws Error(package_invalid) naming the file: no model.yaml, no artifact, a link,
// a special file, a name with control characters or '..', more than 10,000 files. Throws manifest_invalid from the manifest,
// path_missing and path_unreadable.
struct Package {
  std::filesystem::path folder;
  Manifest manifest;
  std::vector<PackageFile> files;
  std::string digest;
};
Package read_package(const std::filesystem::path& folder);
// The list that the digest is of.
std::string listing_of(const Package& package);

struct InstalledModel {
  std::string digest, name, version;
  Time installed_at{};
  std::filesystem::path folder;
};

// The installed packages: content-addressed, read-only (files 0444, folders 0555), each state change an audit leaf.
class Repository {
 public:
  Repository(const Home& home, Database& database);

  enum class Installed { now, already };
  struct InstallResult {
    Installed installed;
    InstalledModel model;
  };
  // Copies into a temporary in models/, checking each file's hash on the way, fsyncs, renames; then the row and the leaf
  // model.installed. The same digest again is Installed::already, where it is still intact; else Error(package_changed), as where the
  // package was changed since it was read. Same name@version with another digest: Error(package_conflict). Throws Error(disk_full),
  // with nothing left of the copy. `accept` is called before a package that is new is copied, and may throw to refuse it.
  InstallResult install(const Package& package, const std::function<void()>& accept = {});
  std::vector<InstalledModel> list();
  // By name (its only or newest version), name@version, or a digest prefix of 6 or more. Error(model_unknown) suggests the near one.
  InstalledModel find(const std::string& reference);
  // Re-hashes every file against the digest. Throws Error(package_changed) naming each file that is changed, missing or extra,
  // and Error(path_unreadable).
  Package verify(const InstalledModel& model);
  // Takes the files away; the row stays as removed, and a leaf model.removed is written.
  void remove(const InstalledModel& model);

 private:
  void place(const Package& package);
  // The row and the leaf model.installed, in one transaction.
  void record(const Package& package);

  Home home_;
  Database& database_;
};

}  // namespace aidp
