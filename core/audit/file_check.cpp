// SPDX-License-Identifier: Apache-2.0
#include "core/audit/file_check.hpp"

namespace aidp {

FileCheck::FileCheck(Database& database, Findings& findings)
    : findings_(findings),
      next_(database.prepare("SELECT path, leaf, size, mtime_ns, ctime_ns, inode, sha256 FROM file WHERE (path, leaf) > (?, ?) "
                             "ORDER BY path, leaf LIMIT ?")),
      is_leaf_(database.prepare("SELECT 1 FROM audit_leaf WHERE seq = ? AND json_valid(data) AND data ->> 'event' = ?")) {}

void FileCheck::expect(std::int64_t seq, const nlohmann::json& event) {
  const auto count = event.find("files"), hash = event.find("files_sha256");
  if (count == event.end() || !count->is_number_integer() || hash == event.end() || !hash->is_string())
    return findings_.add(seq, leaf_name(seq) + " does not say which files were read");
  groups_[seq] = {count->get<std::int64_t>(), hash->get<std::string>(), {}};
}

void FileCheck::check(const FileRow& row, std::int64_t leaf, std::int64_t end) {
  ++rows_;
  const auto group = groups_.find(leaf);
  bool known = group != groups_.end();
  if (known) {
    group->second.chain = chain_file(group->second.chain, row);
    --group->second.files;
  } else if (leaf >= end) {
    known = is_leaf_.bind(1, leaf).bind(2, files_event).step();
    is_leaf_.reset();
  }
  if (!known) findings_.add(leaf, "a row of file was added: " + leaf_name(leaf) + " does not record it");
}

bool FileCheck::check_some(std::int64_t end, int at_most) {
  next_.bind(1, path_).bind(2, leaf_).bind(3, at_most);
  int seen = 0;
  for (; next_.step(); ++seen) {
    path_ = next_.text(0);
    leaf_ = next_.integer(1);
    const auto sha256 = next_.text(6);
    check({path_, next_.integer(2), next_.integer(3), next_.integer(4), next_.integer(5), sha256}, leaf_, end);
  }
  next_.reset();
  return seen == at_most;
}

void FileCheck::finish() {
  for (const auto& [leaf, group] : groups_)
    if (group.files != 0 || group.sha256 != hex(group.chain))
      findings_.add(leaf, "the files that " + leaf_name(leaf) + " recorded were changed: " +
                              (group.files > 0   ? std::to_string(group.files) + " are missing"
                               : group.files < 0 ? std::to_string(-group.files) + " were added"
                                                 : "at least one row is not as it was"));
}

}  // namespace aidp
