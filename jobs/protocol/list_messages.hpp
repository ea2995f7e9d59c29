// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/base/file_state.hpp"
#include "jobs/protocol/message.hpp"
#include "jobs/protocol/path_kind.hpp"

namespace aidp {

// What a DICOM worker is asked about the places where patients' files lie: a dead mount holds it, and not the supervisor. It follows no
// link unless it is asked to look at one, and decides nothing. `error` is an errno, 0 for none.

// What lies in a folder, in the folder's own order.
struct ListedEntry {
  std::string name;
  PathKind kind = PathKind::unknown;
  FileState state;  // of a regular file
  int error = 0;    // why that, or the kind, is not known
  AIDP_PACKED(name, kind, state.size, state.mtime_ns, state.ctime_ns, state.inode, error)
};
struct ListedFolder {
  std::vector<ListedEntry> entries;
  bool more = false;        // there is no room for all
  std::int64_t cookie = 0;  // where the last entry stands; of use to a worker alone
  int error = 0;            // why the listing ended there, or could not begin
  AIDP_PACKED(entries, more, cookie, error)
};
// A folder, and the entry to go on after; empty: from the beginning.
struct FolderPlace {
  std::string path, after;
  std::int64_t cookie = 0;
  AIDP_PACKED(path, after, cookie)
};
struct ListReply {
  std::vector<ListedFolder> folders;  // as asked
  AIDP_PACKED(folders)
};
struct ListRequest {
  static constexpr const char* op = "list";
  static constexpr std::size_t most_entries = 1024;  // of all folders together
  using Reply = ListReply;
  std::vector<FolderPlace> folders;
  AIDP_PACKED(folders)
};

// Where a path really leads, through all links, and what is there.
struct LookedAt {
  std::string path;  // as far as it is there
  PathKind kind = PathKind::unknown;
  bool readable = false;  // a folder: may be listed and entered
  FileState state;        // of a regular file
  int error = 0;          // why the kind is not known
  AIDP_PACKED(path, kind, readable, state.size, state.mtime_ns, state.ctime_ns, state.inode, error)
};
struct LookReply {
  std::vector<LookedAt> paths;  // as asked
  AIDP_PACKED(paths)
};
struct LookRequest {
  static constexpr const char* op = "look";
  using Reply = LookReply;
  std::vector<std::string> paths;  // absolute
  AIDP_PACKED(paths)
};

// What tells two files of one instance apart.
struct HashReply {
  std::string sha256;  // hex
  AIDP_PACKED(sha256)
};
struct HashRequest {
  static constexpr const char* op = "hash";
  using Reply = HashReply;
  std::string path;
  AIDP_PACKED(path)
};

}  // namespace aidp
