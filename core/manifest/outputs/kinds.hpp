// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/manifest/output.hpp"
#include "core/manifest/reader.hpp"

namespace aidp {

// Reads what is particular to a kind: `name` and `kind` are taken already. A file each.
OutputKind read_score(Fields& fields, Mistakes& mistakes);
OutputKind read_mask(Fields& fields, Mistakes& mistakes);
OutputKind read_volume(Fields& fields, Mistakes& mistakes);

// `unit` and `flag_at` of a number.
void read_measurement(Fields& fields, const char* unit, Measurement& measurement);

inline constexpr int label_at_most = 255;  // label maps are bytes

// In words, for those who read the results.
std::string description_of(const ScoreOutput& score);
std::string description_of(const MaskOutput& mask);
std::string description_of(const VolumeOutput& volume);

}  // namespace aidp
