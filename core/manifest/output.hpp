// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace aidp {

// What a model gives of each item. A kind is a struct here, and a file of its name where it is read (core/manifest/outputs) and where it is
// made (core/inference/outputs); if it is stored as a file, it also has a row in jobs/run/artefact_form and a line in
// jobs/workers/writers.

// A number, which a column of the results holds.
struct Measurement {
  std::string unit;               // UCUM
  std::optional<double> flag_at;  // flagged if value >= flag_at
};
struct ScoreOutput : Measurement {
  int index = 0;  // which element of the flattened output of one item
};
struct VolumeOutput : Measurement {
  std::vector<int> labels;  // of the label map; their volume is summed
};

// What is stored in a file of its own.
struct FileOutput {};
// A label map on the source grid.
struct MaskOutput : FileOutput {
  std::map<int, std::string> names;  // label to its meaning
};

using OutputKind = std::variant<ScoreOutput, MaskOutput, VolumeOutput>;

struct Output {
  std::string name;  // column of the results, e.g. "nodule_probability"
  OutputKind kind;

  const Measurement* measurement() const;  // null if it is not a number
  bool is_file() const;
  // In words, for those who read the results.
  std::string description() const;
};

}  // namespace aidp
