// SPDX-License-Identifier: Apache-2.0
#include "core/base/folder_lock.hpp"

#include <optional>

#include "core/base/error.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;
using namespace std::chrono_literals;

namespace {
std::optional<Reason> reason_of_locking(const std::filesystem::path& file, const LockWait& wait = {}) {
  try {
    const FileLock lock(file, "the store", wait);
  } catch (const Error& error) {
    return error.reason();
  }
  return {};
}
}  // namespace

TEST_CASE("a lock is held by one, and free after its end") {
  const Scratch scratch;
  const auto file = scratch.folder / "lock";
  {
    const FileLock lock(file, "the store");
    CHECK(reason_of_locking(file) == Reason::store_locked);
    CHECK(reason_of_locking(file, {50ms, {}}) == Reason::store_locked);
  }
  CHECK_FALSE(reason_of_locking(file));
}

TEST_CASE("a lock that becomes free within the wait is got, and whoever stops the wait does not get it") {
  const Scratch scratch;
  const auto file = scratch.folder / "lock";
  auto lock = std::make_optional<FileLock>(file, "the store");
  int asked = 0;
  CHECK(reason_of_locking(file, {1h, [&] { return ++asked == 2; }}) == Reason::store_locked);
  CHECK(asked == 2);
  CHECK(reason_of_locking(file, {1h, []() -> bool { throw Error(Reason::terminated, "stopped"); }}) == Reason::terminated);
  CHECK_FALSE(reason_of_locking(file, {1h, [&] {
                                         lock.reset();
                                         return false;
                                       }}));
}

TEST_CASE("a lock is made with its permissions and never through a link") {
  const Scratch scratch;
  std::filesystem::create_symlink("elsewhere", scratch.folder / "link");
  CHECK(reason_of_locking(scratch.folder / "link") == Reason::path_missing);
  CHECK_FALSE(std::filesystem::exists(scratch.folder / "elsewhere"));
  const FileLock lock(scratch.folder / "shared", "the output folder", {}, output_file_mode);
  CHECK(std::filesystem::status(scratch.folder / "shared").permissions() == std::filesystem::perms(0640));
}

TEST_CASE("a folder is locked by many that share it, or by one that does not") {
  const Scratch scratch;
  const auto taken = [&](LockKind kind) {
    try {
      const FolderLock lock(scratch.folder, kind, "the model");
    } catch (const Error& error) {
      CHECK(error.reason() == Reason::store_locked);
      return true;
    }
    return false;
  };
  {
    const FolderLock lock(scratch.folder, LockKind::shared, "the model");
    CHECK_FALSE(taken(LockKind::shared));
    CHECK(taken(LockKind::exclusive));
  }
  const FolderLock lock(scratch.folder, LockKind::exclusive, "the model");
  CHECK(taken(LockKind::shared));
}
