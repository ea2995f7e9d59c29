// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "core/inference/engine.hpp"

namespace aidp {

// An engine that gives `engine` windows of its input and blends what comes back, as monai.inferers.sliding_window_inference (MONAI 1.6)
// with the manifest's arguments: roi_size, overlap, mode, sw_batch_size, padding_mode, cval, sigma_scale. [N, channel, axes...] to [N,
// classes, axes...]. Its forward() throws Error(model_shape) where a window does not give as many voxels as it has.
// With spatial_dim the windows are one voxel thick along that axis and go to `engine` without it, as with SliceInferer.
std::unique_ptr<Engine> with_sliding_window(std::unique_ptr<Engine> engine, const nlohmann::json& arguments);

}  // namespace aidp
