// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace aidp {

// Work below a folder that follows no link: a folder on the way that is a symbolic link is refused with Error(path_kind), so nothing is
// removed or made in what it leads to. `folder` itself may be reached through links: who named it meant that. All throw as throw_errno()
// does.

// Removes the file (or the link itself) at `relative` below `folder`, and the folders above it as far as they are empty then, not `folder`.
// False: it was not there. `relative` may not lead out of the folder (Error(internal)).
bool remove_below(const std::filesystem::path& folder, const std::filesystem::path& relative);

// Removes each file below `folder`/`relative` that `chosen` takes, by its path relative to `folder`, and folders below that this empties.
// Links are files: what lies behind one is neither looked at nor removed. Nothing there: nothing to do. `relative` empty: `folder` itself.
void remove_files_below(const std::filesystem::path& folder, const std::filesystem::path& relative,
                        const std::function<bool(const std::filesystem::path&)>& chosen);

// Makes the folders of `relative` below `folder` that are missing, with `mode`. `what` is `folder` in messages.
void make_folder_below(const std::filesystem::path& folder, const std::filesystem::path& relative, const std::string& what, unsigned mode);

}  // namespace aidp
