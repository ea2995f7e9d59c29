// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/audit/log.hpp"
#include "core/base/file_lock.hpp"
#include "core/base/folder_lock.hpp"
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

// How the golden cases of a package ended before it was installed.
struct Acceptance {
  enum class Golden { passed, none, unchecked };  // none: the package has no cases
  Golden golden = Golden::unchecked;
  std::string device;  // on which they ran
};

// The installed packages: content-addressed, read-only (files 0444, folders 0555), each state change an audit leaf. Several processes may
// install and remove; the writer's lock is held only while one changes names in models/ and records it.
class Repository {
 public:
  // With a database that can be written, models that an earlier aidp installed get the JSON of their manifest.
  Repository(const Home& home, Database& database);

  enum class Installed { now, already };
  struct InstallResult {
    Installed installed;
    InstalledModel model;
  };
  // Copies into a temporary in models/, checking each file's hash on the way; calls `accept` with that copy, which may throw to refuse it;
  // hashes the copy again, gives it its name, and writes the row and the leaf model.installed, which says how `accept` ended and who
  // installs. Nothing is left of a copy that is not installed. The same digest again is Installed::already, if it is still intact; else
  // Error(package_changed), as if the package was changed since it was read. Same name@version with another digest:
  // Error(package_conflict). Throws Error(disk_full), and Error(store_locked) if another process holds the writer's lock beyond `wait` (10
  // s at least).
  InstallResult install(const Package& package, const std::function<Acceptance(const Package& copy)>& accept, const LockWait& wait = {});
  std::vector<InstalledModel> list();
  // By name (its only or newest version), name@version, or a digest prefix of 6 or more. Error(model_unknown) suggests the near one.
  InstalledModel find(const std::string& reference);
  // The same, but a name that several versions have is an Error(model_ambiguous) that lists them.
  InstalledModel find_only(const std::string& reference);
  // Keeps a model from being removed as long as the lock lives. Error(store_locked) while it is being removed, Error(model_unknown) after.
  FolderLock use(const InstalledModel& model);
  // Re-hashes every file against the digest. Throws Error(package_changed) naming each file that is changed, missing or extra,
  // and Error(path_unreadable, io_failed) for what cannot be read, which says nothing about what is in it.
  Package verify(const InstalledModel& model);
  // Takes the files away; the row stays as removed, and a leaf model.removed is written. Error(store_locked) if a job uses it, or another
  // process holds the writer's lock, beyond `wait`.
  void remove(const InstalledModel& model, const LockWait& wait = {});

 private:
  class Copy;
  FileLock lock(LockWait wait) const;
  // The installed model of that very digest, intact. Throws Error(package_conflict, package_changed).
  std::optional<InstalledModel> same(const Package& package);
  // The row and the leaf model.installed, in one transaction.
  void record(const Package& package, const Acceptance& acceptance);
  void describe_all();

  Home home_;
  Database& database_;
};

}  // namespace aidp
