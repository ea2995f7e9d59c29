// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace aidp {

// The keywords of the DICOM data dictionary (PS3.6) that DCMTK knows, and so a worker can read; sorted.
std::span<const std::string_view> dicom_keywords();

// Whether a rule or an output may name an attribute: what it sees is printed and recorded. Those of numbers and coded values, and some
// technical texts and dates; no free text that people write, no identifier, nothing of the person but age, sex, size and weight (PS3.15
// table E.1-1).
bool may_be_named(std::string_view keyword);

}  // namespace aidp
