// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aidp {

// The files that a DICOMDIR names (PS3.10 section 8, PS3.3 F.3): ReferencedFileID of each record, folder by folder to the file's name.
// Records are taken as they stand in the sequence; their offsets, which many writers get wrong, are not asked.
// Throws as DicomFile does; Error(dicom_malformed) where it is no DICOMDIR.
std::vector<std::vector<std::string>> referenced_files(const std::string& path);

}  // namespace aidp
