// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/names_in_folders.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/protocol/list_messages.hpp"
#include "jobs/sources/look.hpp"

namespace aidp {

namespace {
enum class Likeness { none, extended, other_case, same };

Likeness likeness(const std::string& name, const std::string& wanted, bool is_file) {
  if (name == wanted) return Likeness::same;
  const auto small = lower(name), small_wanted = lower(wanted);
  if (small == small_wanted) return Likeness::other_case;
  const bool extended = is_file && small.starts_with(small_wanted) && small.substr(small_wanted.size()).find_first_of(".;") == 0;
  return extended ? Likeness::extended : Likeness::none;
}

// The name that is most like it; nothing where several are.
std::optional<std::string> most_like(const std::vector<std::string>& names, const std::string& wanted, bool is_file) {
  auto best = Likeness::none;
  std::vector<std::string> found;
  for (const auto& name : names) {
    const auto own = likeness(name, wanted, is_file);
    if (own > best) found.clear();
    best = std::max(best, own);
    if (own == best && own != Likeness::none) found.push_back(name);
  }
  if (found.size() > 1) std::erase_if(found, [](const auto& name) { return !lower(name).ends_with(".dcm"); });
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}
}  // namespace

std::optional<std::string> NamesInFolders::find(const std::filesystem::path& folder, const std::vector<std::string>& parts) {
  auto path = folder;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto name = most_like(names_in(path.string()), parts[i], i + 1 == parts.size());
    if (!name) return std::nullopt;
    path /= *name;
  }
  return path.string();
}

// What cannot be listed has no names: the file is then missing by the name that the DICOMDIR has.
const std::vector<std::string>& NamesInFolders::names_in(const std::string& folder) {
  const auto [known, is_new] = known_.try_emplace(folder);
  auto& names = known->second;
  FolderPlace place{folder, {}, 0};
  for (bool more = is_new; more;) try {
      const auto reply = ask(dicom_, ListRequest{{place}}, look_timeout);
      const auto& listed = reply.folders.front();
      for (const auto& entry : listed.entries) names.push_back(entry.name);
      more = listed.more && !listed.entries.empty();
      if (more) place = {folder, listed.entries.back().name, listed.cookie};
    } catch (const Error& error) {
      const bool is_lost = row(error.reason()).exit == Exit::partial;  // its worker, to a dead mount
      if (!is_lost) throw;
      break;
    }
  return names;
}

}  // namespace aidp
