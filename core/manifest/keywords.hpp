// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace aidp {

// The keywords of the DICOM data dictionary (PS3.6) that DCMTK knows, and so a worker can read; sorted.
std::span<const std::string_view> dicom_keywords();

}  // namespace aidp
