// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/bundle/config.hpp"
#include "core/bundle/findings.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// The steps of a bundle's inference as steps of a manifest. A transform, an inferer, an argument or a value that aidp has not, or has with
// one meaning alone, is an obstacle with its place. `volumes`: whether the model takes these, or images.
std::vector<Transform> bundle_preprocessing(const BundleConfig& inference, bool volumes, Findings& findings);
std::vector<Transform> bundle_postprocessing(const BundleConfig& inference, bool volumes, Findings& findings);
std::optional<Transform> bundle_inferer(const BundleConfig& inference, bool volumes, Findings& findings);

}  // namespace aidp
