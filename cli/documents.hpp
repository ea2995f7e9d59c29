// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "cli/command.hpp"

namespace aidp {

// Text for man(7), with what it would take for its own escaped.
std::string roff(const std::string& text);

// What is made from the commands themselves, so that it cannot disagree with them.
std::string man_page(const Command& command, const CLI::App& app);   // man(7) of "aidp-model-install.1"
std::string help_text(const Command& command, const CLI::App& app);  // `aidp help model install`
std::string overview(const std::string& version, const std::vector<std::unique_ptr<Command>>& commands);  // `aidp help`
std::string page_title(const std::string& name, int section, const std::string& manual);                  // the line .TH of a page
std::string capitalised(std::string text);                                                                // with a capital letter in front
// The exit codes as rows "code", "meaning", "retry".
std::vector<std::vector<std::string>> exit_codes();

}  // namespace aidp
