// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/Error.hpp>
#include <string>
#include <vector>

#include "cli/registry.hpp"

namespace aidp {

// A command line before it is parsed: `words` are those after `aidp`.
bool asks_for_json(const std::vector<std::string>& words);
// The words that are neither options of every command nor their values; `help` is found among them.
std::vector<std::string> plain_words(const std::vector<std::string>& words);

// What is wrong with it: CLI11's sentence, or a better one if a command or an option has a near name.
std::string unknown_command(const Registry& registry, const std::string& name);
std::string usage_text(const Registry& registry, const CLI::ParseError& error, const std::vector<std::string>& words);

}  // namespace aidp
