// SPDX-License-Identifier: Apache-2.0
#include "core/model/copy.hpp"

#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/publish.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr auto file_mode = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
constexpr auto folder_mode = file_mode | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;

// Of installs that were killed: temporaries begin with a dot, and nobody holds them.
void sweep(const fs::path& models) {
  for (const auto& entry : fs::directory_iterator(models)) {
    if (!entry.path().filename().string().starts_with('.')) continue;
    try {
      std::optional<FolderLock> unused;
      if (fs::is_directory(entry.symlink_status())) unused.emplace(entry.path(), LockKind::exclusive, "a copy");
      remove_tree(entry.path());
    } catch (const Error& error) {
      if (error.reason() != Reason::store_locked) throw;
    }
  }
}
// A read-only folder cannot be emptied. Follows no link, not even if `folder` is one.
void make_writable(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(fs::symlink_status(folder, ignored))) return;
  fs::permissions(folder, fs::perms::owner_all, ignored);
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
    if (fs::is_directory(entry.symlink_status())) fs::permissions(entry.path(), fs::perms::owner_all, ignored);
}
}  // namespace

void remove_tree(const fs::path& folder) {
  make_writable(folder);
  fs::remove_all(folder);
}

Repository::Copy::Copy(const Package& original, const Home& home, FileLock)
    : original_(original.folder), models_(home.models()), package_(original) {
  sweep(models_);
  package_.folder = models_ / ("." + original.digest + "." + std::to_string(::getpid()));
  fs::create_directory(package_.folder);
  lock_.emplace(package_.folder, LockKind::exclusive, "the copy of the package");
}

Repository::Copy::~Copy() {
  try {
    if (lock_) remove_tree(package_.folder);  // a full disk is not kept full
  } catch (const fs::filesystem_error&) {
    // The next install sweeps it.
  }
}

void Repository::Copy::fill() {
  const auto& folder = package_.folder;
  for (const auto& file : package_.files) {
    const auto target = folder / file.path;
    fs::create_directories(target.parent_path());
    if (hex(copy_and_hash(original_ / file.path, target)) != file.sha256)
      throw Error(Reason::package_changed, file.path + " of the package " + original_.string() + " changed while it was copied",
                  "install it again");
    fs::permissions(target, file_mode);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_directory()) {
      fsync_folder(entry.path());
      fs::permissions(entry.path(), folder_mode);
    }
  fsync_folder(folder);
}

void Repository::Copy::check() const {
  if (read_package(package_.folder).digest != package_.digest)
    throw Error(Reason::package_changed, "the copy of " + package_.manifest.id() + " was changed while its golden cases ran",
                "ask its vendor what the model writes, and who else may write to " + models_.string());
}

// What lies there already is no installed model's: a killed install or remove left it, whole or in part.
void Repository::Copy::place() {
  const auto final_folder = models_ / package_.digest;
  remove_tree(final_folder);
  publish(models_ / (package_.digest + ".files"), listing_of(package_), Overwrite::yes, private_file_mode);
  fs::rename(package_.folder, final_folder);
  lock_.reset();
  package_.folder = final_folder;
  fs::permissions(final_folder, folder_mode);
  fsync_folder(models_);
}

}  // namespace aidp
