// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/worker_folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr const char* prefix = "aidp-worker-";

// The folder itself, never what a link leads to; locked, or none where it is in use or another user's.
FileDescriptor locked(const fs::path& folder) {
  FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  const bool ours = file && ::fstat(file.get(), &status) == 0 && status.st_uid == ::geteuid();
  return ours && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(file) : FileDescriptor();
}
}  // namespace

WorkerFolder::WorkerFolder() {
  std::error_code none;
  auto name = (fs::temp_directory_path(none) / (prefix + std::string("XXXXXX"))).string();
  if (none || !::mkdtemp(name.data())) return;
  lock_ = locked(name);
  if (lock_) path_ = name;  // else another aidp is just sweeping it away
}

WorkerFolder::~WorkerFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void sweep_worker_folders() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(ignored), ignored))
    if (entry.path().filename().string().starts_with(prefix))
      if (const auto lock = locked(entry.path())) fs::remove_all(entry.path(), ignored);
}

}  // namespace aidp
