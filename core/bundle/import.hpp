// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "core/bundle/bundle.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

struct ImportedBundle {
  Manifest manifest;
  std::vector<std::string> warnings;  // what its user should check
};

// Makes a package in the new folder `to` of a MONAI bundle: a folder as in the MONAI Model Zoo (configs/metadata.json,
// configs/inference.json or .yaml, models/model.ts or an AOTInductor models/model.pt2), or one file that carries the texts as extra files.
// `configs`: names of the configurations to take instead of inference, each laid over those before it. Nothing of the bundle is run.
// Throws as manifest_of_bundle() does, Error(path_missing, output_foreign) and as throw_errno() does; then there is no folder.
ImportedBundle import_bundle(const std::filesystem::path& bundle, const std::filesystem::path& to, std::vector<std::string> configs,
                             BundleAnswers answers);

}  // namespace aidp
