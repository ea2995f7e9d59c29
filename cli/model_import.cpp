// SPDX-License-Identifier: Apache-2.0
// The command that makes packages of what others deliver.
#include <iostream>

#include "cli/output.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/bundle/import.hpp"

namespace aidp {

namespace {
// "1=liver"
std::map<int, std::string> labels_in(const std::vector<std::string>& texts) {
  std::map<int, std::string> labels;
  for (const auto& text : texts) {
    const auto sign = text.find('=');
    const auto number = number_in<int>(text.substr(0, sign));
    if (sign == std::string::npos || sign + 1 == text.size() || !number || *number < 0)
      throw Error(Reason::usage, "--label '" + printable(text) + "' is not NUMBER=NAME", "give it such as --label 1=liver");
    labels[*number] = printable(text.substr(sign + 1));
  }
  return labels;
}

class ModelImport : public Command {
 public:
  std::string name() const override { return "model import"; }
  std::string summary() const override { return "Make a model package from a MONAI bundle"; }
  std::string details() const override {
    return "The bundle is a folder as in the MONAI Model Zoo, with configs/metadata.json, configs/inference.json or .yaml and "
           "models/model.ts (or a models/model.pt2 that AOTInductor compiled), or a single model.ts that carries both texts as extra "
           "files. The package has the same transforms, inferer and labels. References (@name) and simple expressions are resolved; no "
           "code of the bundle is run. An image is oriented as MONAI reads it, columns first. Everything that stands in the way is named "
           "at once, each with its place: every transform or argument that aidp does not have, every expression that needs Python, all "
           "that the bundle does not say; then nothing is written. Give what it does not say as options. Without names of labels in its "
           "metadata, a map 'labels' of its configuration is taken. Read the warnings, and the model.yaml before you install it: it says "
           "research-use-only, and selects by modality alone.";
  }
  std::vector<std::string> examples() const override {
    return {"aidp model import monai-bundle spleen_ct_segmentation --to spleen",
            "aidp model import monai-bundle abdomen --to abdomen-segresnet --config inference_segresnet --label 1=liver --label 2=spleen",
            "aidp model import monai-bundle model.ts --to heart --modality MR --licence Apache-2.0"};
  }
  void setup(CLI::App& app) override {
    app.add_option("KIND", kind_, "What to import: monai-bundle")->required();
    app.add_option("PATH", path_, "Folder of the bundle, or its model.ts")->required();
    app.add_option("--to", to_, "Folder to make for the package")->required();
    app.add_option(
           "--config", configs_,
           "Configuration to take instead of inference, such as inference_segresnet; if repeated, each replaces values of those before")
        ->allow_extra_args(false);
    app.add_option("--modality", answers_.modality, "Modality of the series that it takes, such as CT; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--label", labels_, "Name of a label or class, such as 1=liver; may be repeated")->allow_extra_args(false);
    app.add_option("--unit", answers_.unit, "What it takes: series for volumes, instance for images; the bundle's if not given")
        ->check(CLI::IsMember({"series", "instance"}));
    app.add_option("--channels", answers_.channels, "Samples of a pixel that it takes: 1 or 3; the bundle's if not given")
        ->check(CLI::IsMember({1, 3}));
    app.add_option("--name", answers_.name, "Name of the model; the bundle's if not given");
    app.add_option("--model-version", answers_.version, "Its version, such as 1.0.0; the bundle's if not given");
    app.add_option("--title", answers_.title, "Its title; the bundle's name if not given");
    app.add_option("--vendor", answers_.vendor, "Who made it; the bundle's authors if not given");
    app.add_option("--licence", answers_.licence, "Its licence; the bundle's if not given");
    app.add_option("--intended-use", answers_.intended_use, "What it is for; the bundle's intended use if not given");
    app.add_option("--contact", answers_.contact, "Whom to ask; the vendor if not given");
  }
  Exit run(const Globals& globals) override {
    if (kind_ != "monai-bundle")
      throw Error(Reason::usage, "'" + printable(kind_) + "' cannot be imported; supported: monai-bundle",
                  "give `aidp model import monai-bundle PATH --to FOLDER`");
    answers_.labels = labels_in(labels_);
    const auto made = import_bundle(path_, to_, configs_, answers_);
    if (globals.json()) {
      print_json(
          {{"type", "import"}, {"schema", "aidp.import/1"}, {"model", made.manifest.id()}, {"package", to_}, {"warnings", made.warnings}});
    } else {
      std::cout << to_ << ": the package of " << made.manifest.id() << "\n";
      for (const auto& warning : made.warnings) std::cout << "Warning: " << warning << "\n";
    }
    print_next(globals, "aidp model install " + to_);
    return Exit::ok;
  }

 private:
  std::string kind_, path_, to_;
  std::vector<std::string> configs_, labels_;
  BundleAnswers answers_;
};
}  // namespace

std::unique_ptr<Command> make_model_import() { return std::make_unique<ModelImport>(); }

}  // namespace aidp
