// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <CLI/Option.hpp>
#include <algorithm>

#include "core/base/text.hpp"

namespace aidp {

namespace {
using Names = std::vector<std::string>;

// The line up to the word that is being typed.
struct Line {
  std::optional<std::size_t> command;     // index of the registry
  Names path;                             // words towards a command: "model"
  bool help = false;                      // after `aidp help`
  const CLI::Option* value_of = nullptr;  // the option whose value comes next
  std::size_t positionals = 0;            // of the command, typed before
  std::optional<std::string> home;
};

const CLI::Option* find_option(const Registry& registry, const Line& line, const std::string& name) {
  const auto* app = line.command ? registry.apps()[*line.command] : &registry.root();
  if (const auto* option = app->get_option_no_throw(name)) return option;
  return registry.root().get_option_no_throw(name);
}

void take(const Registry& registry, Line& line, const std::string& word) {
  if (line.value_of) {
    if (line.value_of->check_name("--home")) line.home = word;
    line.value_of = nullptr;
  } else if (word.starts_with('-')) {
    const auto* option = find_option(registry, line, word);
    if (option && option->get_items_expected_max() > 0) line.value_of = option;
  } else if (line.command) {
    ++line.positionals;
  } else if (word == "help" && line.path.empty()) {
    line.help = true;
  } else {
    line.path.push_back(word);
    line.command = registry.find(join(line.path, " "));
  }
}

Names next_command_words(const Registry& registry, const Line& line) {
  Names words;
  for (const auto& command : registry.commands()) {
    const auto parts = split(command->name(), ' ');
    if (parts.size() <= line.path.size() || !std::equal(line.path.begin(), line.path.end(), parts.begin())) continue;
    if (words.empty() || words.back() != parts[line.path.size()]) words.push_back(parts[line.path.size()]);
  }
  if (line.path.empty() && !line.help) words.emplace_back("help");
  return words;
}

Names option_names(const Registry& registry, const Line& line) {
  Names names;
  for (const CLI::App* app : {line.command ? registry.apps()[*line.command] : &registry.root(), &registry.root()})
    for (const auto* option : app->get_options())
      if (!option->get_group().empty())  // the others are for packagers
        for (const auto& name : option->get_lnames())
          if (std::ranges::find(names, "--" + name) == names.end()) names.push_back("--" + name);
  return names;
}

// The name of what is wanted: an option's "--device", a positional's "MODEL".
std::string wanted(const Registry& registry, const Line& line) {
  if (line.value_of) return line.value_of->get_name();
  if (!line.command) return {};
  std::size_t number = 0;
  for (const auto* option : registry.apps()[*line.command]->get_options())
    if (!option->nonpositional() && number++ == line.positionals) return option->get_name();
  return {};
}

// zsh and fish take --device=cpu for one word: it becomes two. What the shell wants before each candidate for the last: "--device=".
std::string split_assignments(Names& words) {
  Names parts;
  std::string prefix;
  for (const auto& word : words) {
    const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    prefix = equals == std::string::npos ? "" : word.substr(0, equals + 1);
    if (!prefix.empty()) parts.push_back(word.substr(0, equals));
    parts.push_back(word.substr(prefix.size()));
  }
  words = std::move(parts);
  return prefix;
}
}  // namespace

std::vector<std::string> complete(const Registry& registry, std::vector<std::string> words,
                                  const std::function<std::vector<std::string>(const std::optional<std::string>& home)>& models) {
  std::erase(words, "=");  // bash takes --device=cpu for three words
  if (words.empty()) words.emplace_back();
  const auto prefix = split_assignments(words);
  Line line;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) take(registry, line, words[i]);
  const auto what = wanted(registry, line);
  Names candidates;
  if (what == "--device")
    candidates = {"auto", "cpu", "cuda:0"};
  else if (what == "--progress")
    candidates = {"auto", "bar", "plain", "none"};
  else if (what == "--format")
    candidates = line.command ? registry.commands()[*line.command]->formats() : Names{"text", "json"};
  else if (what == "--last")
    candidates = {"7d", "4w", "1m"};
  else if (!line.value_of && words.back().starts_with('-'))
    candidates = option_names(registry, line);
  else if (what == "MODEL" || what == "--model")
    candidates = models(line.home);
  else if (!line.value_of && !line.command)
    candidates = next_command_words(registry, line);
  std::erase_if(candidates, [&](const std::string& candidate) { return !candidate.starts_with(words.back()); });
  for (auto& candidate : candidates) candidate.insert(0, prefix);
  return candidates;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash")
    return R"script(# bash completion of aidp, made by `aidp --generate bash`: the program itself knows what may come next
_aidp() {
  local word before= words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do # bash takes model@1.0.0 for three words, and wants what follows the @
    if [[ ${#words[@]} -gt 0 && ($word == @ || $before == @) ]]; then words[-1]+=$word; else words+=("$word"); fi
    before=$word
  done
  mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
  [[ ${words[-1]} == "${COMP_WORDS[COMP_CWORD]}" ]] || COMPREPLY=("${COMPREPLY[@]#*@}")
}
complete -o bashdefault -o default -F _aidp aidp
)script";
  if (shell == "zsh")
    return R"script(#compdef aidp
# zsh completion of aidp, made by `aidp --generate zsh`: the program itself knows what may come next
_aidp() {
  local -a candidates
  candidates=(${(f)"$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#candidates )); then compadd -a candidates; else compset -P '--*='; _files; fi
}
if [[ $funcstack[1] == _aidp ]]; then _aidp "$@"; else compdef _aidp aidp; fi # a file of fpath, or sourced
)script";
  if (shell == "fish")
    return R"script(# fish completion of aidp, made by `aidp --generate fish`: the program itself knows what may come next
function __aidp_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c aidp -n '__aidp_complete | string length -q' -f -a '(__aidp_complete)'
)script";
  throw Error(Reason::usage, "'" + printable(shell) + "' is not a shell that aidp has completion for", "choose bash, zsh or fish");
}

}  // namespace aidp
