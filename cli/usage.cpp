// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace aidp {

namespace {
std::vector<std::string> option_names(const Registry& registry, const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* level : {&command, &registry.root()})
    for (const auto* option : level->get_options())
      if (!option->get_group().empty())  // the others are for packagers
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}
}  // namespace

bool asks_for_json(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == "--format=json" || (words[i] == "--format" && i + 1 < words.size() && words[i + 1] == "json")) return true;
  return false;
}

std::vector<std::string> plain_words(const std::vector<std::string>& words) {
  std::vector<std::string> plain;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == "--home" || words[i] == "--format" || words[i] == "--progress")
      ++i;
    else if (!words[i].starts_with('-'))
      plain.push_back(words[i]);
  return plain;
}

std::string unknown_command(const Registry& registry, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : registry.commands()) {
    names.push_back(command->name());
    names.push_back(split(command->name(), ' ')[0]);
  }
  const auto near = nearest(name, names);
  return "there is no command '" + name + "'" + (near ? "; did you mean '" + *near + "'?" : "");
}

std::string usage_text(const Registry& registry, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const auto command = registry.parsed();
  if (!command) {
    auto plain = plain_words(words);
    if (plain.empty()) return error.what();
    plain.resize(std::min<std::size_t>(plain.size(), registry.group(plain[0]) ? 2 : 1));
    return unknown_command(registry, join(plain, " "));
  }
  const auto options = option_names(registry, *registry.apps()[*command]);
  for (const auto& word : words) {
    const auto option = word.substr(0, word.find('='));
    if (!option.starts_with("--") || std::ranges::find(options, option) != options.end()) continue;
    const auto near = nearest(option, options);
    return "there is no option " + option + (near ? "; did you mean " + *near + "?" : "");
  }
  return error.what();
}

}  // namespace aidp
