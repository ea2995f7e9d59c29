// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/manifest/manifest.hpp"
#include "core/manifest/reader.hpp"

namespace aidp {

// The sections of a manifest, a file each. They take the section's node, which may be undefined, add what is wrong to `mistakes` and
// give what could be read.
std::vector<Rule> read_rules(const YAML::Node& node, const std::string& key, Mistakes& mistakes);
// The DICOM keyword under `attribute`, of what tells no identity.
std::string read_attribute(Fields& fields, Mistakes& mistakes);
std::vector<Preference> read_preferences(const YAML::Node& node, Mistakes& mistakes);
// Defaults are filled in, and every per-axis argument has a number for each axis (2 of an image, 3 of a volume).
std::vector<Transform> read_transforms(const YAML::Node& node, bool after_model, Unit unit, Mistakes& mistakes);
// How the model is put to a tensor; nothing where the manifest does not say, or says `kind: simple`.
std::optional<Transform> read_inferer(const YAML::Node& node, Unit unit, Mistakes& mistakes);
std::vector<Output> read_outputs(const YAML::Node& node, Unit unit, Mistakes& mistakes);
// `outputs`: those whose values the cases may expect.
std::vector<GoldenCase> read_golden_cases(const YAML::Node& node, const std::vector<Output>& outputs, Mistakes& mistakes);

}  // namespace aidp
