// SPDX-License-Identifier: Apache-2.0
// The command that makes packages of what others deliver.
#include <iostream>

#include "cli/output.hpp"
#include "core/base/text.hpp"
#include "core/bundle/import.hpp"

namespace aidp {

namespace {
class ModelImport : public Command {
 public:
  std::string name() const override { return "model import"; }
  std::string summary() const override { return "Make a model package from a MONAI bundle"; }
  std::string details() const override {
    return "The bundle is a folder as in the MONAI Model Zoo, with configs/metadata.json, configs/inference.json or .yaml and "
           "models/model.ts, or a single model.ts that carries both texts as extra files. The package has the same transforms, inferer "
           "and labels. References (@name) and simple expressions are resolved; no code of the bundle is run. An image is oriented as "
           "MONAI reads it, columns first. Every transform or argument that aidp does not have, and every expression that needs Python, "
           "is named with its place, and nothing is written. Give what the bundle does not say as options. Read the model.yaml before "
           "you install it: it says research-use-only, and selects by modality alone.";
  }
  std::vector<std::string> examples() const override {
    return {"aidp model import monai-bundle spleen_ct_segmentation --to spleen",
            "aidp model import monai-bundle model.ts --to heart --modality MR --licence Apache-2.0"};
  }
  void setup(CLI::App& app) override {
    app.add_option("KIND", kind_, "What to import: monai-bundle")->required();
    app.add_option("PATH", path_, "Folder of the bundle, or its model.ts")->required();
    app.add_option("--to", to_, "Folder to make for the package")->required();
    app.add_option("--modality", answers_.modality, "Modality of the series that it takes, such as CT; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--name", answers_.name, "Name of the model; the bundle's if not given");
    app.add_option("--licence", answers_.licence, "Its licence; the bundle's if not given");
    app.add_option("--intended-use", answers_.intended_use, "What it is for; the bundle's description if not given");
    app.add_option("--contact", answers_.contact, "Whom to ask; the bundle's authors if not given");
  }
  Exit run(const Globals& globals) override {
    if (kind_ != "monai-bundle")
      throw Error(Reason::usage, "'" + printable(kind_) + "' cannot be imported; supported: monai-bundle",
                  "give `aidp model import monai-bundle PATH --to FOLDER`");
    const auto manifest = import_bundle(path_, to_, answers_);
    if (globals.json())
      print_json({{"type", "import"}, {"schema", "aidp.import/1"}, {"model", manifest.id()}, {"package", to_}});
    else
      std::cout << to_ << ": the package of " << manifest.id() << "\n";
    print_next(globals, "aidp model install " + to_);
    return Exit::ok;
  }

 private:
  std::string kind_, path_, to_;
  BundleAnswers answers_;
};
}  // namespace

std::unique_ptr<Command> make_model_import() { return std::make_unique<ModelImport>(); }

}  // namespace aidp
