// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/file_lock.hpp"
#include "core/base/folder_lock.hpp"
#include "core/model/repository.hpp"

namespace aidp {

// Removes a folder with all that is in it, read-only or not. Nothing there is fine.
void remove_tree(const std::filesystem::path& folder);

// The copy of a package that is to be installed: a temporary in models/, held by a lock that ends with the process, so that another install
// can tell it from what a killed one left. It is gone with the object unless it was placed.
class Repository::Copy {
 public:
  // Makes the folder and sweeps what killed installs left; the writer's lock is given back then.
  Copy(const Package& original, const Home& home, FileLock writer_lock);
  ~Copy();
  Copy(const Copy&) = delete;

  // Copies each file and compares its hash with the original's. Throws Error(package_changed, disk_full).
  void fill();
  // Hashes all of it again. Throws Error(package_changed).
  void check() const;
  // Gives it its name in models/. Call with the writer's lock.
  void place();
  const Package& package() const { return package_; }

 private:
  std::filesystem::path original_, models_;
  Package package_;  // of the copy
  std::optional<FolderLock> lock_;
};

}  // namespace aidp
