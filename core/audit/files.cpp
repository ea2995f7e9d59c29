// SPDX-License-Identifier: Apache-2.0
#include "core/audit/files.hpp"

#include <string>

namespace aidp {

Digest chain_file(const Digest& before, const FileRow& row) {
  std::string text(row.path);
  text += '\0';  // no path holds one
  for (const auto number : {row.size, row.mtime_ns, row.ctime_ns, row.inode}) text += std::to_string(number) + ' ';
  return Sha256().update(before).update(text).update(row.sha256).finish();
}

nlohmann::json files_leaf(std::int64_t files, const Digest& chain) {
  return {{"event", files_event},
          {"files", files},
          {"columns", {"path", "size", "mtime_ns", "ctime_ns", "inode", "sha256"}},
          {"files_sha256", hex(chain)}};
}

}  // namespace aidp
