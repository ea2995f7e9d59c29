// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

class DcmDataset;

namespace aidp {

struct InstanceHeader;

// Fills in AccessionNumber, PatientID and the attributes: these and provenance_keywords(), by keyword; those without a value, or that are
// sequences, are left out. Of an enhanced object also what stands in its functional groups (PS3.3 C.7.6.16): for all frames, or of each
// frame; where frames differ, all values that there are. Text is converted to UTF-8 element by element, and cut at 1024 bytes.
void read_attributes(DcmDataset& dataset, const std::vector<std::string>& keywords, InstanceHeader& header);

}  // namespace aidp
