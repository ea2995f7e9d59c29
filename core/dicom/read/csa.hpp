// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aidp {

// The values of a field of Siemens' private "CSA header", trimmed and without empty ones; none where it has no such field. Both formats,
// "SV10" and the older one without that word (Siemens documents neither; nibabel's doc/source/dicom/siemens_csa.rst, SPM's
// spm_dicom_headers). Throws Error(dicom_attribute) where the header ends within a field.
std::vector<std::string> csa_values(std::span<const std::byte> header, std::string_view field);

}  // namespace aidp
