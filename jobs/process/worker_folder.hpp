// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "core/base/file.hpp"

namespace aidp {

// A temporary folder of one worker, its TMPDIR: LibTorch unpacks an AOTInductor package into it and a killed worker clears nothing away.
// For this user alone, and removed with the object. It is locked while its supervisor lives, so that what a killed one left is known.
class WorkerFolder {
 public:
  WorkerFolder();
  ~WorkerFolder();
  WorkerFolder(const WorkerFolder&) = delete;
  WorkerFolder& operator=(const WorkerFolder&) = delete;
  // Empty where no folder can be made: most workers need none, and who does says so.
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor lock_;
};

// Removes the folders of this user's supervisors that were killed.
void sweep_worker_folders();

}  // namespace aidp
