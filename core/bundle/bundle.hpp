// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/bundle/findings.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// A text of a MONAI bundle, with its name for messages: JSON, or YAML where the name says so.
struct BundleText {
  std::string text, file;
};

// What says what a bundle's model is and how it is run.
struct BundleTexts {
  BundleText metadata;
  std::vector<BundleText> inference;  // at least one; each replaces or adds values of those before it
  std::string folder_name;            // the model's, where the metadata have none
};

// What a bundle may leave out; where given it goes before what the bundle says.
struct BundleAnswers {
  std::string name, version, title, vendor, contact, licence, intended_use;
  std::string unit;                   // as a manifest's: series or instance
  int channels = 0;                   // samples per pixel; 0 where not given
  std::vector<std::string> modality;  // DICOM's terms, such as CT
  std::map<int, std::string> labels;  // their names, by number
};

struct BundleArtifact {
  ArtifactKind kind = ArtifactKind::torchscript;
  std::string file;  // its name in the package
};

// The model.yaml that means what the bundle means. Throws Error(package_invalid) naming every obstacle at once: each place in the bundle
// that says nothing that is needed or something that aidp has not, after the findings so far; Error(manifest_invalid) where a combination
// of values breaks the manifest's rules.
std::string manifest_of_bundle(const BundleTexts& texts, const BundleArtifact& artifact, const BundleAnswers& answers, Findings& findings);

}  // namespace aidp
