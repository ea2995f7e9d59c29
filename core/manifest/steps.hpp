// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/manifest/manifest.hpp"
#include "core/manifest/reader.hpp"

namespace aidp {

// Reads the list of transforms before or after the model against the vocabulary, fills in the defaults and gives every per-axis argument
// a number for each axis (2 of an image, 3 of a volume). What is wrong is added to `mistakes`.
std::vector<Transform> read_transforms(const YAML::Node& node, bool after_model, Unit unit, Mistakes& mistakes);

// Reads how the model is put to a tensor; nothing where the manifest does not say, or says `kind: simple`.
std::optional<Transform> read_inferer(const YAML::Node& node, Unit unit, Mistakes& mistakes);

}  // namespace aidp
