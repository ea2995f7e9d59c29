// SPDX-License-Identifier: Apache-2.0
#include "cli/registry.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace aidp {

#define AIDP_GROUP(name, summary)
#define AIDP_COMMAND(maker) std::unique_ptr<Command> maker();
#include "cli/commands.def"
#undef AIDP_GROUP
#undef AIDP_COMMAND

namespace {
std::string group_summary(const std::string& wanted) {
#define AIDP_GROUP(name, summary) \
  if (wanted == name) return summary;
#define AIDP_COMMAND(maker)
#include "cli/commands.def"
#undef AIDP_GROUP
#undef AIDP_COMMAND
  throw Error(Reason::internal, "commands.def has no group '" + wanted + "'", "please report it");
}
}  // namespace

Registry::Registry(CLI::App& root) : root_(root) {
#define AIDP_GROUP(name, summary)
#define AIDP_COMMAND(maker) commands_.push_back(maker());
#include "cli/commands.def"
#undef AIDP_GROUP
#undef AIDP_COMMAND
  for (const auto& command : commands_) {
    const auto words = split(command->name(), ' ');
    auto& parent = words.size() == 2 ? parent_of(words[0]) : root_;
    auto* app = parent.add_subcommand(words.back(), command->summary());
    app->fallthrough();
    command->setup(*app);
    apps_.push_back(app);
  }
}

CLI::App& Registry::parent_of(const std::string& name) {
  auto* parent = group(name);
  if (!parent) parent = root_.add_subcommand(name, group_summary(name));
  parent->require_subcommand(0, 1);
  return *parent;
}

std::optional<std::size_t> Registry::find(const std::string& name) const {
  const auto found = std::ranges::find(commands_, name, [](const auto& command) { return command->name(); });
  if (found == commands_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - commands_.begin());
}

std::optional<std::size_t> Registry::parsed() const {
  const auto found = std::ranges::find_if(apps_, [](const auto* app) { return app->parsed(); });
  if (found == apps_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - apps_.begin());
}

CLI::App* Registry::group(const std::string& name) const {
  for (auto* app : root_.get_subcommands([](CLI::App*) { return true; }))
    if (app->get_name() == name && std::ranges::find(apps_, app) == apps_.end()) return app;
  return nullptr;
}

}  // namespace aidp
