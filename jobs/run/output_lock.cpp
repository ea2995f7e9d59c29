// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/output_lock.hpp"

#include <unistd.h>

namespace aidp {

namespace fs = std::filesystem;

OutputLock::OutputLock(const fs::path& out, const LockWait& wait) {
  const auto file = out / output_lock_file;
  do {  // another, refused, may have removed what it made between our opening of it and our lock on it
    made_.clear();
    std::error_code unknown;
    for (auto place = file; !fs::exists(place, unknown) && place.has_relative_path(); place = place.parent_path())
      made_.insert(made_.begin(), place);
    make_folder(out, "the output folder");
    lock_.emplace(file, "the output folder " + out.string(), wait, output_file_mode);
  } while (!lock_->is_at(file));
}

OutputLock::~OutputLock() {
  for (; !made_.empty(); made_.pop_back()) {
    const auto& last = made_.back();
    if ((last.filename() == output_lock_file ? ::unlink(last.c_str()) : ::rmdir(last.c_str())) != 0) return;
  }
}

}  // namespace aidp
