// SPDX-License-Identifier: Apache-2.0
#include "core/inference/outputs/prediction.hpp"

namespace aidp {

OutputValue value_of(const MaskOutput&, const std::string&, Prediction& prediction) {
  const auto host = prediction.label_map().to(at::kCPU).contiguous();
  const auto* first = static_cast<const std::byte*>(host.data_ptr());
  return Voxels(first, first + host.numel());
}

}  // namespace aidp
