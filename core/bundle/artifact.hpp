// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "core/bundle/bundle.hpp"

namespace aidp {

// The model of a bundle's folder: models/model.ts, or models/model.pt2 as AOTInductor packages it. Throws Error(package_invalid) where
// there is neither, or a program of torch.export, with the command that makes what aidp runs.
std::filesystem::path find_artifact(const std::filesystem::path& folder, const BundleTexts& texts);

// What kind of model a file is, and its name in a package. Throws Error(package_invalid) for a program of torch.export, and where a .pt2
// is no zip file.
BundleArtifact artifact_of(const std::filesystem::path& file);

}  // namespace aidp
