// SPDX-License-Identifier: Apache-2.0
// Which series lack a file, as one of theirs could not be read.
#include <algorithm>
#include <filesystem>

#include "core/base/text.hpp"
#include "jobs/sources/header_rows.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
// What comes before, and behind, all paths below a folder: '0' follows '/'.
std::pair<std::string, std::string> around(const std::string& folder) {
  const auto plain = folder.ends_with('/') ? folder.substr(0, folder.size() - 1) : folder;
  return {plain + "/", plain + "0"};
}
}  // namespace

void HeaderIndex::lacks(std::int64_t series, const std::string& what) { lacking_.emplace(series, what); }

void HeaderIndex::find_lacking(const std::vector<LooseFile>& others, const std::vector<std::string>& unlisted) {
  guarded([&] {
    auto member = database_->prepare("SELECT member FROM file WHERE path = ? AND member <> 0");
    auto beside = database_->prepare(
        "SELECT DISTINCT series FROM file WHERE run = ?1 AND series <> 0 AND path > ?2 AND path < ?3 AND instr(substr(path, length(?2) + "
        "1), '/') = 0 "
        "LIMIT 2");
    // By what was known of it, else by its neighbours: the one series of its folder.
    const auto file = [&](const LooseFile& loose) {
      const auto what = fs::path(loose.path).filename().string() + ": " + loose.message;
      member.reset();
      if (member.bind(1, loose.path).step()) return lacks(member.integer(0), printable(what));
      const auto [before, behind] = around(fs::path(loose.path).parent_path().string());
      beside.reset();
      if (!beside.bind(1, run_).bind(2, before).bind(3, behind).step()) return;
      const auto only = beside.integer(0);
      if (!beside.step()) lacks(only, printable(what));
    };
    auto unread = database_->prepare("SELECT path, message FROM file WHERE run = ? AND series = 0 AND generation = -1");
    unread.bind(1, run_);
    while (unread.step()) file({unread.text(0), Reason::dicom_unreadable, unread.text(1)});
    for (const auto& loose : others)
      if (loose.reason == Reason::dicom_unreadable && std::ranges::find(unlisted, loose.path) == unlisted.end()) file(loose);
    // Its series that were listed before it broke off, and those that an earlier run knew below it.
    auto below = database_->prepare(
        "SELECT DISTINCT member FROM file WHERE member <> 0 AND path > ?2 AND path < ?3 AND (run <> ?1 OR instr(substr(path, length(?2) + "
        "1), '/') = 0)");
    for (const auto& folder : unlisted) {
      const auto [before, behind] = around(folder);
      below.reset();
      below.bind(1, run_).bind(2, before).bind(3, behind);
      while (below.step()) lacks(below.integer(0), printable("the folder " + folder + " could not be listed"));
    }
  });
}

}  // namespace aidp
