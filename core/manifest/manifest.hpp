// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "core/manifest/output.hpp"

namespace aidp {

// What model.yaml says, checked and with every default filled in. Field by field: man 5 aidp-manifest.

// One rule of the selection: a leaf tests one attribute of an image, or of all images of a volume; any/all/none nest.
struct Rule {
  enum class Test { equals, any_of, regex, range, contains, excludes, present, all, any, none };
  Test test = Test::present;
  std::string attribute;  // DICOM keyword, e.g. "Modality"; empty for all/any/none
  std::vector<nlohmann::json>
      values;               // equals, contains, excludes, regex: one; any_of: some; range: [low, high], null is open; present: true/false
  std::vector<Rule> rules;  // of all, any, none
};

// Which of several series that fit is taken: the one with the smallest or the largest number there; without one it comes last.
struct Preference {
  std::string attribute;  // DICOM keyword
  bool largest = false;
};

// A step of preprocessing or postprocessing, by its MONAI name, with all its arguments (defaults included).
struct Transform {
  std::string name;
  nlohmann::json arguments;
};

enum class ArtifactKind { torchscript, aotinductor };
enum class Unit { instance, series };  // what one inference takes: a frame of an image, or a series as a volume
// What to do with a series that is more than one volume: of several orientations, echoes, b-values, phases...
enum class SeveralVolumes { reject, split };

struct GoldenCase {
  std::string name;
  std::string input;                     // folder of DICOM files, relative to the package
  std::map<std::string, double> expect;  // output name to value
  double tolerance = 0;                  // largest allowed absolute difference
  std::string tensor, output;            // files of numpy.save in the package, or empty: what the model is given, and what it gives of it
  double tensor_tolerance = 1e-4;        // of their values, as a part of the range of the file's
};

struct Manifest {
  std::string schema;  // "aidp.model/1"
  std::string name, version, title, vendor, contact, licence, intended_use, not_for, regulatory_status;
  ArtifactKind artifact_kind = ArtifactKind::torchscript;
  std::string artifact_file;
  Unit unit = Unit::instance;
  std::vector<Rule> select;        // all must hold
  bool one_per_study = false;      // of several series of a study that fit: the preferred one, or none; else each
  std::vector<Preference> prefer;  // in order; what the first leaves equal the next decides
  SeveralVolumes several_volumes = SeveralVolumes::reject;
  bool incomplete_allowed = false;  // a series of which a file could not be read; else it is refused
  Straightening straightening;
  bool voi = false;  // the values are windowed to 0 to 1 as each image says
  int channels = 1;  // samples per pixel that the model takes: 1 or 3
  std::vector<Transform> preprocess;
  // sliding_window or slices, its arguments for each axis of the tensor; nothing: the whole tensor in one pass
  std::optional<Transform> inferer;
  std::vector<Transform> postprocess;
  std::vector<Output> outputs;
  int batch_max = 32;       // items in one forward pass
  int timeout_s = 300;      // for one item
  double tolerance = 1e-3;  // allowed difference between devices: of a score, and of a volume as a part of it
  std::vector<GoldenCase> golden;

  std::string id() const { return name + "@" + version; }
};

// Reads and checks a manifest. Throws Error(manifest_invalid) whose message holds every mistake, one a line, as
// FILE:LINE:COLUMN: what, what is allowed. Files it names are not looked for here.
Manifest load_manifest(const std::filesystem::path& file);
Manifest parse_manifest(const std::string& yaml, const std::string& file_name);

// The DICOM keywords that the selection reads.
std::vector<std::string> keywords_of(const Manifest& manifest);

// Why a series fits or not: every rule in order, with the value seen.
struct RuleVerdict {
  bool passed = false;
  std::string rule;  // in words: "Modality equals CT"
  std::string seen;  // "MR", or "absent"
};
struct Selection {
  bool eligible = false;
  std::vector<RuleVerdict> verdicts;
};
// `attributes`: keyword to string, number or array of these, as core/dicom/header.hpp makes them.
Selection select(const Manifest& manifest, const nlohmann::json& attributes);

}  // namespace aidp
