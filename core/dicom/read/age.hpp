// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace aidp {

// The age on a day of who was born on another, both YYYYMMDD, as a DICOM age string (PS3.5 6.2, AS): "012D" in the first month of life,
// "014M" below two years, else "057Y"; empty if either is not a date, or the birth comes after the day.
std::string age_at(std::string_view birth, std::string_view day);

}  // namespace aidp
