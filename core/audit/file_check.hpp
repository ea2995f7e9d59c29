// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "core/audit/files.hpp"
#include "core/audit/findings.hpp"

namespace aidp {

// Whether the rows of `file` are those that the leaves bind, group by group.
class FileCheck {
 public:
  FileCheck(Database& database, Findings& findings);
  // A leaf of files that were read.
  void expect(std::int64_t seq, const nlohmann::json& event);
  // The next rows by path. Leaves from `end` on are only looked up. False: there are no more. Call within a Snapshot.
  bool check_some(std::int64_t end, int at_most);
  std::int64_t rows() const { return rows_; }
  void finish();

 private:
  struct Group {
    std::int64_t files = 0;  // that its leaf says, less those that were seen
    std::string sha256;
    Digest chain{};
  };
  void check(const FileRow& row, std::int64_t leaf, std::int64_t end);

  Findings& findings_;
  Statement next_, is_leaf_;
  std::map<std::int64_t, Group> groups_;  // by leaf
  std::string path_;                      // the last row's key
  std::int64_t leaf_ = -1, rows_ = 0;
};

}  // namespace aidp
