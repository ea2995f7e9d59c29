// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/sources/inventory.hpp"

namespace aidp {

// A file that is named DICOMDIR (with whatever follows), asked of directly, stands for the files that it names below its folder; what is
// not there goes to `loose`. Throws Error(dicom_*) for a DICOMDIR that cannot be read.
// `found`: what was found at each path that was `named`.
std::vector<Looked> with_dicomdirs_opened(const std::vector<std::filesystem::path>& named, std::vector<Looked> found, Crew& dicom,
                                          std::vector<LooseFile>& loose);

}  // namespace aidp
