// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace aidp {

// A manifest as JSON, with the keys of aidp-manifest(5): texts are strings, numbers numbers, and what is left out is left out. For whoever
// asks what a model said of itself without reading YAML. Throws as parse_manifest() does.
nlohmann::json normalised_manifest(const std::string& yaml);

}  // namespace aidp
