// SPDX-License-Identifier: Apache-2.0
// The commands of the model store: install, list, show, verify, remove.
#include <iostream>

#include "cli/golden.hpp"
#include "cli/output.hpp"
#include "core/base/file_lock.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
nlohmann::json json_of(const InstalledModel& model) {
  return {{"type", "model"},          {"schema", "aidp.model-row/1"}, {"name", model.name},
          {"version", model.version}, {"digest", model.digest},       {"installed_at", to_text(model.installed_at)}};
}

void add_wait(CLI::App& app, std::string& wait) {
  app.add_option("--wait", wait, "How long to wait for another aidp that uses the store or the model, such as 90s, 30m or 2h");
}

LockWait wait_of(const std::string& text) {
  LockWait wait;
  if (!text.empty()) wait.at_most = parse_duration(text);
  return wait;
}

class ModelInstall : public Command {
 public:
  std::string name() const override { return "model install"; }
  std::string summary() const override { return "Install a model package into the store"; }
  std::string details() const override {
    return "A package is a folder with model.yaml (see aidp-manifest(5)), the artifact and golden cases. It is copied, made read-only "
           "and identified by the SHA-256 of its content. The golden cases run on that copy, and a package that does not reproduce their "
           "values here is refused (exit status 4). --unchecked installs it without running them, for example if its device is in "
           "another machine. The audit log records whether they ran, and who installed it. Installing the same package twice changes "
           "nothing.";
  }
  std::vector<std::string> examples() const override { return {"aidp model install manifests/lung-nodule-2d"}; }
  void setup(CLI::App& app) override {
    app.add_option("PATH", path_, "Folder of the package")->required();
    app.add_option("--device", device_, "For the golden cases: auto, cpu or cuda:N")->capture_default_str();
    app.add_flag("--unchecked", unchecked_, "Do not run the golden cases");
    add_wait(app, wait_);
  }
  Exit run(const Globals& globals) override {
    const auto package = read_package(path_);  // refuse what is no package before a store is made for it
    Writer store(globals);
    Repository repository(store.home, store.database);
    const auto [installed, model] = repository.install(package, [&](const Package& copy) { return accept(copy, globals); }, wait_of(wait_));
    const bool now = installed == Repository::Installed::now;
    if (globals.json()) {
      auto json = json_of(model);
      json["installed"] = now;
      print_json(json);
    } else {
      std::cout << model.name << "@" << model.version << " " << (now ? "installed" : "is already installed") << "  "
                << model.digest.substr(0, 12) << "\n";
    }
    print_next(globals, "aidp validate model " + model.name + "@" + model.version);
    return Exit::ok;
  }

 private:
  Acceptance accept(const Package& copy, const Globals& globals) const {
    if (copy.manifest.golden.empty()) return {Acceptance::Golden::none, {}};
    if (unchecked_) return {Acceptance::Golden::unchecked, {}};
    return {Acceptance::Golden::passed, compare_golden(copy, device_, "ask its vendor; --unchecked installs it anyway", globals)};
  }

  std::string path_, device_ = "auto", wait_;
  bool unchecked_ = false;
};

class ModelList : public Command {
 public:
  std::string name() const override { return "model list"; }
  std::string summary() const override { return "List the installed models"; }
  std::vector<std::string> examples() const override { return {"aidp model list", "aidp model list --format json"}; }
  void setup(CLI::App&) override {}
  Exit run(const Globals& globals) override {
    Reader store(globals);
    const auto models = Repository(store.home, store.database).list();
    if (globals.json()) {
      for (const auto& model : models) print_json(json_of(model));
      return Exit::ok;
    }
    std::vector<std::vector<std::string>> rows{{"MODEL", "VERSION", "DIGEST", "INSTALLED"}};
    for (const auto& model : models) rows.push_back({model.name, model.version, model.digest.substr(0, 12), to_text(model.installed_at)});
    print_table(rows);
    return Exit::ok;
  }
};

class OfOneModel : public Command {
 public:
  void setup(CLI::App& app) override { app.add_option("MODEL", model_, "Name, name@version, or the beginning of a digest")->required(); }

 protected:
  std::string model_;
};

class ModelShow : public OfOneModel {
 public:
  std::string name() const override { return "model show"; }
  std::string summary() const override { return "Show what a model is for, what it takes and what it gives"; }
  std::vector<std::string> examples() const override { return {"aidp model show lung-nodule-2d"}; }
  Exit run(const Globals& globals) override {
    Reader store(globals);
    Repository repository(store.home, store.database);
    const auto model = repository.find(model_);
    const auto package = repository.verify(model);
    const auto& m = package.manifest;
    std::vector<std::string> outputs, rules, files;
    for (const auto& output : m.outputs) outputs.push_back(output.name);
    for (const auto& verdict : select(m, nlohmann::json::object()).verdicts) rules.push_back(verdict.rule);
    for (const auto& file : package.files) files.push_back(file.path);
    if (globals.json()) {
      auto json = json_of(model);
      json.update({{"title", m.title},
                   {"vendor", m.vendor},
                   {"contact", m.contact},
                   {"licence", m.licence},
                   {"intended_use", m.intended_use},
                   {"not_for", m.not_for},
                   {"regulatory_status", m.regulatory_status},
                   {"outputs", outputs},
                   {"selection", rules},
                   {"files", files}});
      print_json(json);
      return Exit::ok;
    }
    print_table({{m.id(), m.title},
                 {"vendor", m.vendor + ", " + m.contact},
                 {"licence", m.licence},
                 {"status", m.regulatory_status},
                 {"intended use", m.intended_use},
                 {"not for", m.not_for.empty() ? "(not stated)" : m.not_for},
                 {"takes", std::string(m.unit == Unit::series ? "a series as a volume" : "one image") +
                               (rules.empty() ? "" : ", if " + join(rules, "; "))},
                 {"gives", join(outputs, ", ")},
                 {"digest", model.digest},
                 {"installed", to_text(model.installed_at)},
                 {"files", join(files, ", ")}});
    return Exit::ok;
  }
};

class ModelVerify : public Command {
 public:
  std::string name() const override { return "model verify"; }
  std::string summary() const override { return "Hash the installed files again and name any that changed"; }
  std::vector<std::string> examples() const override { return {"aidp model verify", "aidp model verify lung-nodule-2d"}; }
  void setup(CLI::App& app) override {
    app.add_option("MODEL", model_, "Name, name@version, or the beginning of a digest; all if not given");
  }
  Exit run(const Globals& globals) override {
    Reader store(globals);
    Repository repository(store.home, store.database);
    const auto models = model_.empty() ? repository.list() : std::vector{repository.find(model_)};
    for (const auto& model : models) {
      repository.verify(model);
      if (globals.json())
        print_json(json_of(model));
      else
        std::cout << model.name << "@" << model.version << ": intact\n";
    }
    return Exit::ok;
  }

 private:
  std::string model_;
};

class ModelRemove : public OfOneModel {
 public:
  std::string name() const override { return "model remove"; }
  std::string summary() const override { return "Remove an installed model; its record and results stay"; }
  std::string details() const override {
    return "If several versions of the name are installed, say which: NAME@VERSION. A model that a job is using is not removed, unless "
           "the job ends within --wait.";
  }
  std::vector<std::string> examples() const override { return {"aidp model remove lung-nodule-2d@1.0.0"}; }
  void setup(CLI::App& app) override {
    OfOneModel::setup(app);
    add_wait(app, wait_);
  }
  Exit run(const Globals& globals) override {
    need_store(find_home(globals.home));  // a writer would make one
    Writer store(globals);
    Repository repository(store.home, store.database);
    const auto model = repository.find_only(model_);
    repository.remove(model, wait_of(wait_));
    if (globals.json())
      print_json(json_of(model));
    else
      std::cout << model.name << "@" << model.version << " removed\n";
    print_next(globals, "aidp model list");
    return Exit::ok;
  }

 private:
  std::string wait_;
};
}  // namespace

std::unique_ptr<Command> make_model_install() { return std::make_unique<ModelInstall>(); }
std::unique_ptr<Command> make_model_list() { return std::make_unique<ModelList>(); }
std::unique_ptr<Command> make_model_show() { return std::make_unique<ModelShow>(); }
std::unique_ptr<Command> make_model_verify() { return std::make_unique<ModelVerify>(); }
std::unique_ptr<Command> make_model_remove() { return std::make_unique<ModelRemove>(); }

}  // namespace aidp
