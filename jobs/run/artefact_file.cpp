// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/artefact_file.hpp"

#include <fcntl.h>

#include <algorithm>

#include "core/base/file.hpp"
#include "jobs/run/artefact_form.hpp"

namespace aidp {

std::string artefact_file(const BatchItem& item, const Output& output) {
  const auto& record = item.record;
  const auto& form = artefact_form(output);
  std::string part;
  if (record.frame > 0)
    part = "." + std::to_string(record.frame);
  else if (item.series->volumes.size() > 1)
    part = "." + std::to_string(item.planned.part + 1);
  return std::string(form.folder) + "/" + record.study_uid + "/" + record.series_uid + part + "." + output.name + "." +
         record.key.substr(0, 8) + form.ending;
}

bool is_full(const std::filesystem::path& folder, std::size_t bytes) {
  const FileDescriptor file(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return free_bytes(folder) < bytes;  // not every file system has files without a name
  return ::posix_fallocate(file.get(), 0, static_cast<off_t>(std::max<std::size_t>(bytes, 1))) != 0;
}

}  // namespace aidp
