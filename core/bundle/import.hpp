// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "core/bundle/bundle.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// Makes a package in the new folder `to` of a MONAI bundle: a folder as in the MONAI Model Zoo (configs/metadata.json,
// configs/inference.json or .yaml, models/model.ts), or one TorchScript file that carries the two as extra files. Nothing of the bundle is
// run. Throws as manifest_of_bundle() does, Error(path_missing, output_foreign) and as throw_errno() does; then there is no folder.
Manifest import_bundle(const std::filesystem::path& bundle, const std::filesystem::path& to, BundleAnswers answers);

}  // namespace aidp
