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
struct NumberOutput {};
struct Measurement : NumberOutput {
  std::string unit;               // UCUM
  std::optional<double> flag_at;  // flagged if value >= flag_at
};
struct ScoreOutput : Measurement {
  int index = 0;  // which element of the flattened output of one item
};
struct VolumeOutput : Measurement {
  std::vector<int> labels;  // of the label map; their volume is summed
};
// Which of several classes an item is of: its number.
struct ClassOutput : NumberOutput {
  std::map<int, std::string> names;  // from 0 without a gap
  std::vector<int> flag;             // the classes that are flagged
};

// What is stored in a file of its own.
struct FileOutput {};
// A label map on the source grid.
struct MaskOutput : FileOutput {
  std::map<int, std::string> names;  // label to its meaning
};

using OutputKind = std::variant<ScoreOutput, ClassOutput, MaskOutput, VolumeOutput>;

struct Output {
  std::string name;  // column of the results, e.g. "nodule_probability"
  OutputKind kind;

  bool is_number() const;
  bool is_file() const;
  std::string unit() const;                    // UCUM; empty if it has none
  std::map<int, std::string> classes() const;  // of a number that is one; empty: any number
  bool has_flag() const;                       // whether some values are flagged
  bool is_flagged(double value) const;
  // In words, for those who read the results.
  std::string description() const;
};

}  // namespace aidp
