// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/bundle/config.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// The steps of a bundle's inference as steps of a manifest, whose reader checks the values. A transform, an inferer or an argument that
// aidp has not, or has with one meaning alone, is refused with its place.
std::vector<Transform> bundle_preprocessing(const BundleConfig& inference);
std::vector<Transform> bundle_postprocessing(const BundleConfig& inference);
std::optional<Transform> bundle_inferer(const BundleConfig& inference);

}  // namespace aidp
