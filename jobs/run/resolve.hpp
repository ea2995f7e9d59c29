// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "jobs/run/sources.hpp"
#include "jobs/sources/look.hpp"

namespace aidp {

// Has a worker look at what is named. Puts the real paths of the inputs, and of the rows of a worklist, in the place of those that were
// named; says of each input what was found. Throws Error(interrupted, terminated).
std::vector<Looked> resolve(Sources& sources, Crew& dicom);

}  // namespace aidp
