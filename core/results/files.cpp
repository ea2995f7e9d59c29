// SPDX-License-Identifier: Apache-2.0
#include "core/audit/files.hpp"
#include "core/results/statements.hpp"

namespace aidp {

// One leaf for all of them.
void Recorder::record_files(const std::string& job_id, const std::vector<FileRecord>& files) {
  std::map<std::string_view, const FileRecord*> by_path;  // the last word on each
  for (const auto& record : files)
    if (const auto known = file(record.path); !known || known->state != record.state || known->sha256 != record.sha256)
      by_path[record.path] = &record;
  if (by_path.empty()) return;
  auto& insert = statements().file;
  Digest chain{};
  for (const auto& [path, record] : by_path) {
    const auto& state = record->state;
    chain = chain_file(chain, {path, state.size, state.mtime_ns, state.ctime_ns, state.inode, record->sha256});
    insert.bind(1, path).bind(2, audit_.size()).bind(3, state.size).bind(4, state.mtime_ns).bind(5, state.ctime_ns);
    insert.bind(6, state.inode).bind(7, record->sha256).run();
  }
  auto event = files_leaf(static_cast<std::int64_t>(by_path.size()), chain);
  event["job"] = job_id;
  audit_.append(std::move(event));
}

std::optional<FileRecord> Recorder::file(const std::string& path) {
  auto& row = statements().file_by_path;
  std::optional<FileRecord> found;
  if (row.bind(1, path).step()) found = {path, {row.integer(0), row.integer(1), row.integer(2), row.integer(3)}, row.text(4)};
  row.reset();
  return found;
}

}  // namespace aidp
