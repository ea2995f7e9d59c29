// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "core/base/image.hpp"

namespace aidp {

// Publishes a mask as NIfTI-1 (.nii.gz): uint8, voxel axes (column, row, slice), sform in RAS made from the LPS affine, mm;
// without an affine no sform, and without a spacing zooms of 1 in unknown units.
// The bytes depend on the values alone (gzip without a time), so the same mask is the same file. Library aidp_nifti (zlib only).
void write_nifti(const std::filesystem::path& file, const ImageHeader& image, std::span<const std::byte> voxels);

}  // namespace aidp
