// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "core/inference/sample.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// Applies one transform before the model, with MONAI 1.6's meaning (monai.transforms) as tensor operations on the sample's device.
// The sample's data are float32, [channel, i, j, k] for a volume and [channel, row, column] for an image, lengths in mm; its axes follow.
// Throws Error(geometry_missing) where it needs positions that the series has not, Error(pixels_unsupported) where the image does not
// suit it, and what LibTorch throws where memory ends.
void apply(const Transform& transform, Sample& sample);

// Applies one transform after the model to the output of one item, [channel, ...] on the sample's grid; float32, and so is what it gives.
// Invert moves both to the source grid. Throws Error(model_shape) where the output has not the channels or the size that it asks for.
at::Tensor apply_after(const Transform& transform, const at::Tensor& output, Sample& sample);

// How each family is done, by name. The manifest has checked the arguments and filled in the defaults; what is left out here is MONAI's.
using Arguments = nlohmann::json;
using Transforms = std::map<std::string, void (*)(Sample&, const Arguments&)>;
const Transforms& spatial_transforms();    // spatial.cpp: orientation, padding, cropping, turning
const Transforms& resample_transforms();   // resample.cpp: Resize; spacing.cpp: Spacing; conform.cpp: Conform
const Transforms& intensity_transforms();  // intensity.cpp: values and channels
void spacing(Sample& sample, const Arguments& arguments);
void conform(Sample& sample, const Arguments& arguments);

}  // namespace aidp
