// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/inference/sample.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// The commonest preprocessing of 2-D models in one pass on the CPU: rescale, ScaleIntensityRange, then bilinear Resize. Only the pixels
// that the result needs are converted. Equal to the plain transforms within rounding (1e-5); nothing where the chain is another.
std::optional<Sample> fused_sample(const ImageHeader& image, const std::byte* values, const Manifest& manifest);

}  // namespace aidp
