// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/manifest/output.hpp"
#include "core/manifest/reader.hpp"

namespace aidp {

// Reads what is particular to a kind: `name` and `kind` are taken already. A file each.
OutputKind read_score(Fields& fields, Mistakes& mistakes);
OutputKind read_class(Fields& fields, Mistakes& mistakes);
OutputKind read_mask(Fields& fields, Mistakes& mistakes);
OutputKind read_volume(Fields& fields, Mistakes& mistakes);

// `unit` and `flag_at` of a number.
void read_measurement(Fields& fields, const char* unit, Measurement& measurement);

// `names`: numbers from `lowest` on, each with its name. Empty where there is none, with a mistake.
std::map<int, std::string> read_names(Fields& fields, int lowest, const char* what, Mistakes& mistakes);

inline constexpr int label_at_most = 255;  // label maps are bytes

// In words, for those who read the results.
std::string description_of(const ScoreOutput& score);
std::string description_of(const ClassOutput& classes);
std::string description_of(const MaskOutput& mask);
std::string description_of(const VolumeOutput& volume);

}  // namespace aidp
