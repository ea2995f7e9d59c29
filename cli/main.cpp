// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/completion.hpp"
#include "cli/documents.hpp"
#include "cli/output.hpp"
#include "cli/results_page.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/process/signals.hpp"

namespace {
using namespace aidp;

constexpr const char* version = AIDP_VERSION;

// The program: every command as a subcommand of CLI11, `model install` as `install` below `model`.
class Program {
 public:
  Program()
      : app_("aidp runs approved AI models over DICOM in batch, and keeps watching how they perform", "aidp"), commands_(make_commands()) {
    app_.fallthrough();
    app_.set_version_flag("--version", std::string("aidp ") + version);
    app_.add_option("--home", globals_.home, "Folder of the store (or AIDP_HOME)");
    format_ = app_.add_option("--format", globals_.format, "Kind of output: text or json; a report has html, json, csv");
    app_.add_option("--progress", globals_.progress, "auto, bar, plain or none (or AIDP_PROGRESS)");
    app_.add_flag("-q,--quiet", globals_.quiet, "Errors only, and what --format json asks for");
    app_.add_flag("-v,--verbose", globals_.verbose, "More detail");
    app_.add_option("--generate", generate_, "")->group("");
    app_.add_option("--to", to_, "")->group("");
    for (const auto& command : commands_) add(*command);
  }

  int run(int argc, char** argv) {
    if (asks_for_json(argc, argv)) globals_.format = "json";  // for an error before or while all is parsed
    if (const char* progress = std::getenv("AIDP_PROGRESS")) globals_.progress = progress;
    const auto words = plain_words(argc, argv);
    if (argc == 1) return help({});
    if (argv[1] == std::string("__complete")) return print_completion({argv + 2, argv + argc});
    if (!words.empty() && words[0] == "help") return help(join({words.begin() + 1, words.end()}, " "));
    try {
      app_.parse(argc, argv);
      const auto exit = run_command();
      check_stdout();
      return static_cast<int>(exit);
    } catch (const CLI::CallForHelp&) {
      print_help();
      return 0;
    } catch (const CLI::CallForVersion&) {
      std::cout << "aidp " << version << "\n";
      return 0;
    } catch (const CLI::ParseError& error) {
      return report(Error(Reason::usage, usage_text(error, argc, argv), "see `aidp help`"));
    } catch (const Error& error) {
      return report(error);
    } catch (const std::exception& error) {
      return report(Error(Reason::internal, error.what(), "please report it"));
    }
  }

 private:
  void add(Command& command) {
    const auto words = split(command.name(), ' ');
    auto* parent = &app_;
    if (words.size() == 2) {
      parent = group(words[0]);
      if (!parent) parent = app_.add_subcommand(words[0], group_summary(words[0]));
      parent->require_subcommand(0, 1);
    }
    auto* sub = parent->add_subcommand(words.back(), command.summary());
    sub->fallthrough();
    command.setup(*sub);
    apps_.push_back(sub);
  }

  // What could not be printed was not done: a full disk behind `> file` is seen only here.
  static void check_stdout() {
    if (std::cout.flush()) return;
    const char more = '\n';  // the stream does not keep the reason: what it could not write is written once more
    const bool failed = ::write(STDOUT_FILENO, &more, 1) < 0;
    if (failed && errno == EPIPE) return;  // as in `aidp ... | head`: the reader has what it wants
    if (failed) throw_errno("cannot write to standard output");
    throw Error(Reason::io_failed, "cannot write all to standard output", "run it again with more room");
  }

  // The subcommand of the first level that is called so, or nothing.
  CLI::App* group(const std::string& name) {
    for (auto* sub : app_.get_subcommands([](CLI::App*) { return true; }))
      if (sub->get_name() == name) return sub;
    return nullptr;
  }

  static bool asks_for_json(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (word == "--format=json" || (word == "--format" && i + 1 < argc && std::string_view(argv[i + 1]) == "json")) return true;
    }
    return false;
  }

  // The arguments that are no options of every command; `help` goes before any of CLI11's own reading.
  static std::vector<std::string> plain_words(int argc, char** argv) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word == "--home" || word == "--format" || word == "--progress")
        ++i;
      else if (!word.starts_with('-'))
        words.push_back(word);
    }
    return words;
  }

  static std::string group_summary(const std::string& name) {
    if (name == "model") return "The model store: install, import, list, show, verify, remove";
    if (name == "validate") return "Check a manifest, a model, inputs or this machine";
    if (name == "audit") return "The audit log: list, show, verify";
    return "Reports";
  }

  Exit run_command() try { return dispatch(); } catch (const std::filesystem::filesystem_error& error) {
    throw_filesystem(error);
  }

  Exit dispatch() {
    if (!generate_.empty()) return generate();
    if (const std::vector<std::string> allowed{"auto", "bar", "plain", "none"};
        std::ranges::find(allowed, globals_.progress) == allowed.end())
      throw Error(Reason::usage, "'" + printable(globals_.progress) + "' is no kind of progress", "choose one of " + join(allowed, ", "));
    for (std::size_t i = 0; i < apps_.size(); ++i) {
      if (!apps_[i]->parsed()) continue;
      const auto allowed = commands_[i]->formats();
      if (format_->count() == 0) globals_.format = allowed.front();
      if (std::ranges::find(allowed, globals_.format) == allowed.end())
        throw Error(Reason::usage, "'" + printable(globals_.format) + "' is no format of `aidp " + commands_[i]->name() + "`",
                    "choose one of " + join(allowed, ", "));
      return commands_[i]->run(globals_);
    }
    for (const auto* parsed : app_.get_subcommands())
      if (parsed->parsed()) {
        std::cout << parsed->help();
        return Exit::usage;
      }
    throw Error(Reason::usage, "no command is given", "see `aidp help`");
  }

  int help(const std::string& wanted) {
    for (std::size_t i = 0; i < apps_.size(); ++i)
      if (commands_[i]->name() == wanted) return print_command_help(i);
    if (!wanted.empty()) {
      if (const auto* found = group(wanted)) return std::cout << found->help(), 0;
      return report(Error(Reason::usage, unknown_command(wanted), "see `aidp help`"));
    }
    std::cout << overview(version, commands_);
    return 0;
  }

  int print_command_help(std::size_t index) const {
    std::cout << help_text(*commands_[index], *apps_[index]);
    return 0;
  }

  void print_help() {
    for (std::size_t i = 0; i < apps_.size(); ++i)
      if (apps_[i]->parsed()) {
        print_command_help(i);
        return;
      }
    for (const auto* parsed : app_.get_subcommands())
      if (parsed->parsed()) {
        std::cout << parsed->help();
        return;
      }
    help({});
  }

  std::string unknown_command(const std::string& words) {
    std::vector<std::string> names;
    for (const auto& command : commands_) {
      names.push_back(command->name());
      names.push_back(split(command->name(), ' ')[0]);
    }
    const auto near = nearest(words, names);
    return "there is no command '" + printable(words) + "'" + (near ? "; did you mean '" + *near + "'?" : "");
  }

  // CLI11's sentence, or a better one where a command or an option has a near name.
  std::string usage_text(const CLI::ParseError& error, int argc, char** argv) {
    const CLI::App* app = nullptr;
    std::vector<std::string> options;
    for (auto* sub : apps_)
      if (sub->parsed()) app = sub;
    if (!app) {
      auto plain = plain_words(argc, argv);
      if (plain.empty()) return error.what();
      plain.resize(std::min<std::size_t>(plain.size(), 2));
      const auto words = join(plain, " ");
      const auto first = words.substr(0, words.find(' '));
      return unknown_command(group(first) ? words : first);
    }
    for (const auto* level : {app, static_cast<const CLI::App*>(&app_)})
      for (const auto* option : level->get_options())
        if (!option->get_group().empty())
          for (const auto& name : option->get_lnames()) options.push_back("--" + name);
    for (int i = 1; i < argc; ++i) {
      const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (!word.starts_with("--") || std::ranges::find(options, word) != options.end()) continue;
      const auto near = nearest(word, options);
      return "there is no option " + printable(word) + (near ? "; did you mean " + *near + "?" : "");
    }
    return error.what();
  }

  // Hidden: what the completion scripts ask. It never fails: no answer lets the shell go on with files.
  int print_completion(const std::vector<std::string>& words) {
    const auto models = [this](const std::optional<std::string>& home) {
      std::vector<std::string> names;
      try {
        globals_.home = home;
        Reader store(globals_);
        for (const auto& model : Repository(store.home, store.database).list())
          if (std::ranges::find(names, model.name) == names.end()) names.push_back(model.name);
      } catch (const std::exception&) {
      }
      return names;
    };
    for (const auto& candidate : complete({commands_, apps_, app_}, words, models)) std::cout << candidate << "\n";
    return 0;
  }

  Exit generate() {
    if (generate_ != "man") {
      std::cout << completion_script(generate_);
      return Exit::ok;
    }
    if (to_.empty()) throw Error(Reason::usage, "--generate man needs --to FOLDER", "see CONTRIBUTING.md");
    std::filesystem::create_directories(to_);
    for (std::size_t i = 0; i < apps_.size(); ++i) {
      auto name = "aidp-" + commands_[i]->name() + ".1";
      std::ranges::replace(name, ' ', '-');
      publish(std::filesystem::path(to_) / name, man_page(*commands_[i], *apps_[i]), Overwrite::yes);
    }
    publish(std::filesystem::path(to_) / "aidp-results.5", results_page(), Overwrite::yes);
    return Exit::ok;
  }

  int report(const Error& error) const {
    const auto exit = static_cast<int>(error.exit());
    const auto message = printable(error.what()), remedy = printable(error.remedy());  // both may name what others named
    if (globals_.json()) {
      std::cerr << nlohmann::json{{"type", "error"}, {"schema", "aidp.error/1"}, {"reason", name(error.reason())},
                                  {"exit", exit},    {"message", message},       {"remedy", remedy}}
                       .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                << "\n";
    } else {
      std::cerr << "aidp: " << message << (remedy.empty() ? "" : "; " + remedy) << " [" << name(error.reason()) << "]\n";
    }
    return exit;
  }

  CLI::App app_;
  Globals globals_;
  CLI::Option* format_ = nullptr;
  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<CLI::App*> apps_;
  std::string generate_, to_;
};
}  // namespace

int main(int argc, char** argv) {
  settle_standard_streams();
  return Program().run(argc, argv);
}
