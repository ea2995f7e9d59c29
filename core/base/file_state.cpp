// SPDX-License-Identifier: Apache-2.0
#include "core/base/file_state.hpp"

#include <sys/stat.h>

namespace aidp {

FileState file_state(const struct stat& status) {
  const auto ns = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
  return {status.st_size, ns(status.st_mtim), ns(status.st_ctim), static_cast<std::int64_t>(status.st_ino)};
}

std::optional<FileState> file_state(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return file_state(status);
}

}  // namespace aidp
