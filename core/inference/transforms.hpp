// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/inference/sample.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// Applies one transform before the model, with MONAI 1.6's meaning (monai.transforms) as tensor operations on the sample's device.
void apply(const Transform& transform, Sample& sample);

// Applies one transform after the model to the output of one item, [channel, ...].
at::Tensor apply_after(const Transform& transform, const at::Tensor& output);

// Resize, Spacing: see resample.cpp.
void resize(Sample& sample, const std::vector<std::int64_t>& spatial_size, const std::string& mode);
void respace(Sample& sample, const std::vector<double>& pixdim_mm, const std::string& mode);

}  // namespace aidp
