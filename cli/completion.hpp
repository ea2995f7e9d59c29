// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/registry.hpp"

namespace aidp {

// What may stand for the last of `words`, those after `aidp` on a line that is being typed; the last may be empty or a beginning.
// Nothing where a path is wanted, or anything. `models` gives the names of the models of a home, the one of --home if that is on the line.
std::vector<std::string> complete(const Registry& registry, std::vector<std::string> words,
                                  const std::function<std::vector<std::string>(const std::optional<std::string>& home)>& models);

// The script that makes a shell ask `aidp __complete WORD...`. Throws Error(usage) for a shell other than bash, zsh, fish.
std::string completion_script(const std::string& shell);

}  // namespace aidp
