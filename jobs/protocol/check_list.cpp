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
  require(kind >= PathKind::file && kind <= PathKind::unknown, "the kind of a path is unknown");
  require(error >= 0 && error <= highest_error, "an error number is out of range");
  require(kind != PathKind::unknown || error != 0, "a path has neither a kind nor an error");
  require(state.size >= 0, "a file's size is negative");
}
}  // namespace

void check(const ListRequest& request, const ListReply& reply) {
  require(reply.folders.size() == request.folders.size(), "the number of folders is wrong");
  std::size_t entries = 0;
  for (const auto& folder : reply.folders) {
    entries += folder.entries.size();
    require(entries <= ListRequest::most_entries, "the folders have more entries than requested");
    require(folder.error >= 0 && folder.error <= highest_error, "an error number is out of range");
    for (const auto& entry : folder.entries) {
      require(is_entry_name(entry.name) && entry.name.size() <= longest_text, "the name of an entry is malformed");
      require_kind(entry.kind, entry.error, entry.state);
    }
  }
  for (const auto& folder : reply.folders)
    require(!folder.more || (folder.error == 0 && entries == ListRequest::most_entries), "a listing is incomplete without a reason");
}

void check(const LookRequest& request, const LookReply& reply) {
  require(reply.paths.size() == request.paths.size(), "the number of paths is wrong");
  for (std::size_t i = 0; i < reply.paths.size(); ++i) {
    const auto& looked = reply.paths[i];
    require(is_real_path(looked.path, request.paths[i]), "a path is malformed");
    require_kind(looked.kind, looked.error, looked.state);
    require(looked.kind != PathKind::link, "a link was not followed");
  }
}

void check(const HashRequest&, const HashReply& reply) { require_sha256(reply.sha256, "the SHA-256 is malformed"); }

}  // namespace aidp
