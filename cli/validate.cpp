// SPDX-License-Identifier: Apache-2.0
// The commands that check: a manifest, a model, inputs, this machine.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "cli/golden.hpp"
#include "cli/output.hpp"
#include "cli/pixels.hpp"
#include "cli/source_options.hpp"
#include "core/base/text.hpp"
#include "jobs/checks/environment.hpp"

namespace aidp {

namespace {
class ValidateManifest : public Command {
 public:
  std::string name() const override { return "validate manifest"; }
  std::string summary() const override { return "Check a model.yaml and name every mistake with its place"; }
  std::vector<std::string> examples() const override { return {"aidp validate manifest manifests/lung-nodule-2d/model.yaml"}; }
  void setup(CLI::App& app) override { app.add_option("FILE", file_, "The manifest, model.yaml")->required(); }
  Exit run(const Globals& globals) override {
    if (!std::filesystem::exists(file_)) throw Error(Reason::path_missing, "no such file: " + file_, "check the path");
    if (!std::filesystem::is_regular_file(file_)) throw Error(Reason::usage, file_ + " is not a file", "name the model.yaml itself");
    const auto manifest = load_manifest(file_);
    if (globals.json())
      print_json({{"type", "manifest"}, {"schema", "aidp.manifest/1"}, {"file", file_}, {"model", manifest.id()}, {"ok", true}});
    else
      std::cout << file_ << ": ok (" << manifest.id() << ")\n";
    return Exit::ok;
  }

 private:
  std::string file_;
};

class ValidateModel : public Command {
 public:
  std::string name() const override { return "validate model"; }
  std::string summary() const override { return "Run a model's golden cases on this machine and compare with the expected values"; }
  std::vector<std::string> examples() const override {
    return {"aidp validate model lung-nodule-2d", "aidp validate model lung-nodule-2d --device cuda:0"};
  }
  void setup(CLI::App& app) override {
    app.add_option("MODEL", model_, "Name, name@version, or the beginning of a digest")->required();
    app.add_option("--device", device_, "auto, cpu or cuda:N")->capture_default_str();
  }
  Exit run(const Globals& globals) override {
    Reader store(globals);
    Repository repository(store.home, store.database);
    const auto package = repository.verify(repository.find(model_));
    if (package.manifest.golden.empty())
      throw Error(Reason::acceptance_failed, package.manifest.id() + " has no golden case",
                  "ask its vendor for a package that can be checked");
    compare_golden(package, device_, "do not use it here; ask its vendor", globals);
    print_next(globals, "aidp run " + package.manifest.id() + " FOLDER --out DIR");
    return Exit::ok;
  }

 private:
  std::string model_, device_ = "auto";
};

nlohmann::json json_of(const SeriesPlanRow& row) {
  auto verdicts = nlohmann::json::array();
  for (const auto& verdict : row.verdicts) verdicts.push_back({{"rule", verdict.rule}, {"passed", verdict.passed}, {"seen", verdict.seen}});
  return {{"type", "series"},     {"schema", "aidp.input/1"},   {"study_uid", row.study_uid}, {"series_uid", row.series_uid},
          {"path", row.path},     {"instances", row.instances}, {"items", row.items},         {"eligible", row.eligible},
          {"reason", row.reason}, {"message", row.message},     {"rules", verdicts}};
}

// A file that is there is replaced only by one of its own kind: named by mistake, it may be an image.
void check_replaceable(const std::filesystem::path& file) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(file, unknown) || std::filesystem::file_size(file, unknown) == 0) return;
  std::string head(4, '\0');
  std::ifstream(file, std::ios::binary).read(head.data(), 4);
  if (head != "\x89HDF")
    throw Error(Reason::path_kind, file.string() + " exists and is not an HDF5 file", "name another file with --dump-tensor");
}

constexpr const char* dump_details =
    "With --dump-tensor the items are decoded and preprocessed as in a run, and the model's input is written: for each item a dataset 1, "
    "2, ... of float32, [channel, axes...], with the attributes study_uid, series_uid, for an image sop_uid and frame, and affine_lps, "
    "which maps an index along the axes (for an image: row, column, 0) to mm. Items that cannot be prepared are named, and the exit "
    "status is then 3.\n\n";

class ValidateInput : public Command {
 public:
  std::string name() const override { return "validate input"; }
  std::string summary() const override {
    return "Show which series a model would take and why not the others, or what their pixels decode to";
  }
  std::string details() const override { return std::string(dump_details) + pixels_details; }
  std::vector<std::string> examples() const override {
    return {"aidp validate input /data/ct --model lung-nodule-2d", "aidp validate input /data/ct --model lung-nodule-2d -v",
            "aidp validate input /data/ct --model lung-segmenter-3d --dump-tensor tensors.h5",
            "aidp validate input /data/ct --pixels --format json | jq -r 'select(.type==\"instance\") | [.path, .pixel_sha256] | @tsv'"};
  }
  void setup(CLI::App& app) override {
    sources_.setup(app);
    app.add_option("--model", model_, "Name, name@version, or the beginning of a digest");
    auto* pixels = app.add_flag("--pixels", pixels_, "Decode every frame instead, and print what its stored values are");
    app.add_option("--dump-tensor", tensors_, "Write the model's input tensor of each item to this HDF5 file");
    for (const char* other : {"--model", "--dump-tensor", "--worklist", "--follow-links", "--group-by-folder", "--device", "--memory"})
      pixels->excludes(other);
  }
  Exit run(const Globals& globals) override {
    if (pixels_) return print_pixels(sources_.paths(), sources_.workers(), globals);
    if (model_.empty()) throw Error(Reason::usage, "no model is named", "give --model MODEL, or --pixels");
    if (!tensors_.empty()) check_replaceable(tensors_);
    Reader store(globals);
    Repository repository(store.home, store.database);
    const auto package = repository.verify(repository.find(model_));
    const auto progress = make_progress(globals);
    const auto sources = sources_.read(store.home);
    const auto dump = tensors_.empty() ? TensorDump{.plan = plan_inputs(sources, package.manifest, *progress)}
                                       : dump_tensors(sources, package, tensors_, *progress);
    const auto& rows = dump.plan;
    if (globals.json())
      for (const auto& row : rows) print_json(json_of(row));
    else
      print(rows, globals.verbose > 0);
    print_dump(dump, globals);
    const bool any = std::ranges::any_of(rows, &SeriesPlanRow::eligible);
    if (any && dump.written == 0 && !dump.failures.empty())
      throw Error(Reason::nothing_matched, "no item of these inputs gave a tensor, so " + tensors_ + " was not written", "see the reasons");
    if (any) return dump.failures.empty() ? Exit::ok : Exit::partial;
    throw Error(Reason::nothing_matched, package.manifest.id() + " would take none of these inputs",
                "see the reasons, rule by rule with -v, and name other inputs or another model");
  }

 private:
  void print_dump(const TensorDump& dump, const Globals& globals) const {
    if (tensors_.empty()) return;
    const auto failed = dump.failures.size();
    if (globals.json()) {
      for (const auto& item : dump.failures)
        print_json({{"type", "item"},
                    {"schema", "aidp.tensors/1"},
                    {"series_uid", item.series_uid},
                    {"item", item.item},
                    {"reason", item.reason},
                    {"message", item.message}});
      print_json({{"type", "tensors"}, {"schema", "aidp.tensors/1"}, {"file", tensors_}, {"written", dump.written}, {"failed", failed}});
    } else {
      for (const auto& item : dump.failures)
        std::cout << "item " << item.item << ", of series " << item.series_uid << ": " << item.reason << ": " << printable(item.message)
                  << "\n";
      std::cout << tensors_ << ": " << dump.written << " tensors" << (failed > 0 ? ", " + std::to_string(failed) + " failed" : "") << "\n";
    }
  }

  static void print(const std::vector<SeriesPlanRow>& rows, bool every_rule) {
    std::vector<std::vector<std::string>> table{{"SERIES OR FILE", "IMAGES", "ITEMS", "", "WHY NOT"}};
    for (const auto& row : rows) {
      table.push_back({row.path.empty() ? row.series_uid : printable(row.path), std::to_string(row.instances), std::to_string(row.items),
                       row.eligible ? "eligible" : "no", (row.reason.empty() ? "" : row.reason + ": ") + printable(row.message)});
      if (every_rule)
        for (const auto& verdict : row.verdicts)
          table.push_back({"  " + verdict.rule, "", "", verdict.passed ? "yes" : "NO", "seen: " + verdict.seen});
    }
    print_table(table);
  }

  SourceOptions sources_;
  std::string model_, tensors_;
  bool pixels_ = false;
};

class ValidateEnvironment : public Command {
 public:
  std::string name() const override { return "validate environment"; }
  std::string summary() const override { return "Check this machine: devices, LibTorch, codecs, disk, permissions"; }
  std::vector<std::string> examples() const override { return {"aidp validate environment"}; }
  void setup(CLI::App&) override {}
  Exit run(const Globals& globals) override {
    const auto rows = check_environment(find_home(globals.home));
    std::vector<std::vector<std::string>> table;
    std::vector<std::string> lacking, remedies;
    for (const auto& row : rows) {
      if (!row.ok) lacking.push_back(row.what + ": " + row.value);
      if (!row.ok) remedies.push_back(row.remedy);
      if (globals.json())
        print_json({{"type", "environment"},
                    {"schema", "aidp.environment/1"},
                    {"what", row.what},
                    {"value", row.value},
                    {"ok", row.ok},
                    {"remedy", row.remedy}});
      table.push_back({row.ok ? "ok" : "FAIL", row.what, row.value + (row.remedy.empty() ? "" : "; " + row.remedy)});
    }
    if (!globals.json()) print_table(table);
    if (lacking.empty()) return Exit::ok;
    throw Error(Reason::environment_lacking, "this machine does not have all that aidp needs: " + join(lacking, "; "),
                join(remedies, "; "));
  }
};
}  // namespace

std::unique_ptr<Command> make_validate_manifest() { return std::make_unique<ValidateManifest>(); }
std::unique_ptr<Command> make_validate_model() { return std::make_unique<ValidateModel>(); }
std::unique_ptr<Command> make_validate_input() { return std::make_unique<ValidateInput>(); }
std::unique_ptr<Command> make_validate_environment() { return std::make_unique<ValidateEnvironment>(); }

}  // namespace aidp
