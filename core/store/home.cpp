// SPDX-License-Identifier: Apache-2.0
#include "core/store/home.hpp"

#include <cerrno>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace aidp {

namespace fs = std::filesystem;

Home find_home(const std::optional<std::string>& flag) {
  if (flag) return {*flag};
  if (const char* named = std::getenv("AIDP_HOME"); named && *named) return {named};
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data) return {fs::path(data) / "aidp"};
  if (const char* home = std::getenv("HOME"); home && *home) return {fs::path(home) / ".local/share/aidp"};
  throw Error(Reason::environment_lacking, "no folder for the store is known", "name one with --home or AIDP_HOME");
}

void need_store(const Home& home) {
  std::error_code error;
  if (fs::exists(home.database(), error)) return;
  errno = error.value();
  if (error) throw_errno("cannot read the store in " + home.root.string());
  throw Error(Reason::path_missing, "there is no store in " + home.root.string(),
              "install a model first, or name another store with --home");
}

}  // namespace aidp
