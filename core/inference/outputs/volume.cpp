// SPDX-License-Identifier: Apache-2.0
#include "core/inference/outputs/prediction.hpp"

namespace aidp {

// In ml.
OutputValue value_of(const VolumeOutput& volume, const std::string&, Prediction& prediction) {
  std::int64_t voxels = 0;
  for (const auto label : volume.labels) voxels += (prediction.label_map() == label).sum().item<std::int64_t>();
  return static_cast<double>(voxels) * prediction.voxel_ml();
}

}  // namespace aidp
