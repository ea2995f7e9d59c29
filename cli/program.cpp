// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/completion.hpp"
#include "cli/documents.hpp"
#include "cli/output.hpp"
#include "cli/reasons.hpp"
#include "cli/results_page.hpp"
#include "cli/usage.hpp"
#include "core/base/error_list.hpp"
#include "core/base/file.hpp"
#include "core/base/publish.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr const char* version = "aidp " AIDP_VERSION;
constexpr unsigned page_mode = 0644;  // of a man page

// The options come first: CLI11 hands fallthrough() on to the commands that are added after it.
CLI::App& with_options(CLI::App& app, Globals& globals, CLI::Option*& format, std::string& generate, std::string& to) {
  app.fallthrough();
  app.set_version_flag("--version", version);
  app.add_option("--home", globals.home, "Folder of the store (or AIDP_HOME)");
  format = app.add_option("--format", globals.format, "Output format: text or json; for a report html, json or csv");
  app.add_option("--progress", globals.progress, "auto, bar, plain or none (or AIDP_PROGRESS)");
  app.add_flag("-q,--quiet", globals.quiet, "Print errors only, and what --format json asks for");
  app.add_flag("-v,--verbose", globals.verbose, "Print more detail");
  app.add_option("--generate", generate, "")->group("");
  app.add_option("--to", to, "")->group("");
  return app;
}

void check_choice(const std::string& what, const std::string& value, const std::vector<std::string>& allowed) {
  if (std::ranges::find(allowed, value) == allowed.end())
    throw Error(Reason::usage, "'" + value + "' is not " + what, "choose one of " + join(allowed, ", "));
}

std::vector<std::string> models_of(Globals globals, const std::optional<std::string>& home) try {
  globals.home = home;
  Reader store(globals);
  std::vector<std::string> names;
  for (const auto& model : Repository(store.home, store.database).list()) {
    if (std::ranges::find(names, model.name) == names.end()) names.push_back(model.name);
    names.push_back(model.name + "@" + model.version);
  }
  return names;
} catch (const std::exception&) {
  return {};  // no answer lets the shell go on with files
}
}  // namespace

Program::Program()
    : app_("aidp runs approved AI models over DICOM in batch, and keeps watching how they perform", "aidp"),
      registry_(with_options(app_, globals_, format_, generate_, to_)) {}

int Program::run(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (asks_for_json(words)) globals_.format = "json";  // for an error before or while all is parsed
  if (const char* progress = std::getenv("AIDP_PROGRESS")) globals_.progress = progress;
  if (!words.empty() && words[0] == "__complete") return print_completion({words.begin() + 1, words.end()});
  try {
    const auto exit = parse_and_run(argc, argv, words);
    output_.finish();
    return exit;
  } catch (const CLI::ParseError& error) {
    return report(Error(Reason::usage, usage_text(registry_, error, words), "see `aidp help`"));
  } catch (const Error& error) {
    return report(error);
  } catch (const std::exception& error) {
    return report(Error(Reason::internal, error.what(), "please report it"));
  }
}

int Program::parse_and_run(int argc, char** argv, const std::vector<std::string>& words) try {
  const auto plain = plain_words(words);
  if (words.empty()) return help({});
  if (!plain.empty() && plain[0] == "help") return help(join({plain.begin() + 1, plain.end()}, " "));
  app_.parse(argc, argv);
  return static_cast<int>(run_command());
} catch (const CLI::CallForHelp&) {
  return help_on_parsed();
} catch (const CLI::CallForVersion&) {
  std::cout << version << "\n";
  return 0;
} catch (const std::filesystem::filesystem_error& error) {
  throw_filesystem(error);
}

Exit Program::run_command() {
  if (!generate_.empty()) return generate();
  if (const auto index = registry_.parsed()) {
    auto& command = *registry_.commands()[*index];
    check_globals(command);
    if (globals_.quiet && globals_.format == "text") output_.mute();
    return command.run(globals_);
  }
  for (const auto* group : app_.get_subcommands()) {
    std::cout << group->help();
    return Exit::usage;
  }
  throw Error(Reason::usage, "no command is given", "see `aidp help`");
}

void Program::check_globals(const Command& command) {
  check_choice("a kind of progress", globals_.progress, {"auto", "bar", "plain", "none"});
  const auto formats = command.formats();
  if (format_->count() == 0) globals_.format = formats.front();
  check_choice("a format of `aidp " + command.name() + "`", globals_.format, formats);
}

Exit Program::generate() const {
  if (generate_ != "man") {
    std::cout << completion_script(generate_);
    return Exit::ok;
  }
  if (to_.empty()) throw Error(Reason::usage, "--generate man needs --to FOLDER", "see CONTRIBUTING.md");
  std::filesystem::create_directories(to_);
  for (std::size_t i = 0; i < registry_.commands().size(); ++i) {
    auto name = "aidp-" + registry_.commands()[i]->name() + ".1";
    std::ranges::replace(name, ' ', '-');
    publish(std::filesystem::path(to_) / name, man_page(*registry_.commands()[i], *registry_.apps()[i]), Overwrite::yes, page_mode);
  }
  publish(std::filesystem::path(to_) / "aidp-results.5", results_page(), Overwrite::yes, page_mode);
  publish(std::filesystem::path(to_) / "aidp-reasons.7", reasons_page(), Overwrite::yes, page_mode);
  return Exit::ok;
}

int Program::help(const std::string& command) const {
  if (const auto index = registry_.find(command))
    std::cout << help_text(*registry_.commands()[*index], *registry_.apps()[*index]);
  else if (const auto* group = registry_.group(command))
    std::cout << group->help();
  else if (command.empty())
    std::cout << overview(version, registry_.commands());
  else
    throw Error(Reason::usage, unknown_command(registry_, command), "see `aidp help`");
  return 0;
}

int Program::help_on_parsed() const {
  if (const auto index = registry_.parsed()) return help(registry_.commands()[*index]->name());
  for (const auto* group : app_.get_subcommands()) return help(group->get_name());
  return help({});
}

int Program::print_completion(const std::vector<std::string>& words) {
  const auto models = [this](const std::optional<std::string>& home) { return models_of(globals_, home); };
  for (const auto& candidate : complete(registry_, words, models)) std::cout << candidate << "\n";
  return 0;
}

// A manifest's mistakes and a bundle's obstacles have a line each; a line break in any other message is what somebody put into a name.
static std::string message_of(const Error& error) {
  std::vector<std::string> lines{error.what()};
  if (error.reason() == Reason::manifest_invalid || dynamic_cast<const ErrorList*>(&error)) lines = split(error.what(), '\n');
  for (auto& line : lines) line = printable(line);
  return join(lines, "\n");
}

int Program::report(const Error& error) const {
  const auto exit = static_cast<int>(error.exit());
  const auto message = message_of(error), remedy = printable(error.remedy());
  if (globals_.json())
    print_json(std::cerr, {{"type", "error"},
                           {"schema", "aidp.error/1"},
                           {"reason", name(error.reason())},
                           {"exit", exit},
                           {"message", message},
                           {"remedy", remedy}});
  else
    std::cerr << "aidp: " << message << (remedy.empty() ? "" : "; " + remedy) << " [" << name(error.reason()) << "]\n";
  return exit;
}

}  // namespace aidp
