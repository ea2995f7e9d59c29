// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <climits>
#include <filesystem>

#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
constexpr int highest_error = 4095;  // as the kernel has it

bool is_real_path(const std::string& path, const std::string& asked) {
  return path.starts_with('/') && path.size() <= std::max<std::size_t>(PATH_MAX, asked.size()) && path.find('\0') == std::string::npos &&
         std::filesystem::path(path).lexically_normal().string() == path && (path.size() == 1 || !path.ends_with('/'));
}

void require_kind(PathKind kind, int error, const FileState& state) {
  require(kind >= PathKind::file && kind <= PathKind::unknown, "there is no such kind of file");
  require(error >= 0 && error <= highest_error, "there is no such error");
  require(kind != PathKind::unknown || error != 0, "what a path leads to is neither known nor why not");
  require(state.size >= 0, "a file's size is negative");
}
}  // namespace

void check(const ListRequest& request, const ListReply& reply) {
  require(reply.folders.size() == request.folders.size(), "the number of folders");
  std::size_t entries = 0;
  for (const auto& folder : reply.folders) {
    entries += folder.entries.size();
    require(entries <= ListRequest::most_entries, "there are too many entries");
    require(folder.error >= 0 && folder.error <= highest_error, "there is no such error");
    for (const auto& entry : folder.entries) {
      require(is_entry_name(entry.name) && entry.name.size() <= longest_text, "a name in a folder is none");
      require_kind(entry.kind, entry.error, entry.state);
    }
  }
  for (const auto& folder : reply.folders)
    require(!folder.more || (folder.error == 0 && entries == ListRequest::most_entries), "a listing breaks off without a reason");
}

void check(const LookRequest& request, const LookReply& reply) {
  require(reply.paths.size() == request.paths.size(), "the number of paths");
  for (std::size_t i = 0; i < reply.paths.size(); ++i) {
    const auto& looked = reply.paths[i];
    require(is_real_path(looked.path, request.paths[i]), "a path is none");
    require_kind(looked.kind, looked.error, looked.state);
    require(looked.kind != PathKind::link, "a link was not followed");
  }
}

void check(const HashRequest&, const HashReply& reply) { require_sha256(reply.sha256, "a hash is none"); }

}  // namespace aidp
