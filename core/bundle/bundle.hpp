// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aidp {

// The two texts of a MONAI bundle that say what its model is and how it is run, with their names for messages.
struct BundleTexts {
  std::string metadata, metadata_file;    // JSON
  std::string inference, inference_file;  // JSON, or YAML where the name says so
  std::string folder_name;                // the model's, where the metadata have none
};

// What a bundle may leave out; where given it goes before what the bundle says.
struct BundleAnswers {
  std::string name, contact, licence, intended_use;
  std::vector<std::string> modality;  // DICOM's terms, such as CT
};

// The model.yaml, with the artifact model.ts, that means what the bundle means. Throws Error(package_invalid) naming the place in the
// bundle that says nothing that is needed or something that aidp has not; Error(manifest_invalid) where a value breaks the manifest's
// rules.
std::string manifest_of_bundle(const BundleTexts& texts, const BundleAnswers& answers);

}  // namespace aidp
