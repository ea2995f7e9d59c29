// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace aidp {

// Where everything of one aidp lies: --home, else AIDP_HOME, else $XDG_DATA_HOME/aidp, else ~/.local/share/aidp.
//   models/<digest>/   installed packages, read-only        aidp.db   the store        writer.lock   held while models/ changes
//   headers.db   what scans found, to be read again only where a file changed; may be deleted
//   store.key   what identifiers are keyed with (core/store/secret.hpp)
struct Home {
  std::filesystem::path root;
  std::filesystem::path models() const { return root / "models"; }
  std::filesystem::path database() const { return root / "aidp.db"; }
  std::filesystem::path header_index() const { return root / "headers.db"; }
  std::filesystem::path key() const { return root / "store.key"; }
  std::filesystem::path writer_lock() const { return root / "writer.lock"; }
};
Home find_home(const std::optional<std::string>& flag);
// Throws Error(path_missing, path_unreadable) unless there is a store.
void need_store(const Home& home);

}  // namespace aidp
