// SPDX-License-Identifier: Apache-2.0
// A label map, uint8 on the source grid, as NIfTI-1 (.nii.gz).
#include "core/artefacts/nifti.hpp"
#include "jobs/workers/writers/writers.hpp"

namespace aidp {

void write_label_map(const std::filesystem::path& path, const ImageHeader& image, std::span<const std::byte> values) {
  write_nifti(path, image, values);
}

}  // namespace aidp
