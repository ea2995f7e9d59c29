// SPDX-License-Identifier: Apache-2.0
#include "core/inference/outputs/prediction.hpp"

#include <cmath>

#include "core/base/text.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

Prediction::Prediction(const at::Tensor& raw, Sample sample, const std::vector<Transform>& postprocess)
    : sample_(std::move(sample)), values_(raw) {
  if (!raw.isfinite().all().item<bool>())
    throw Error(Reason::model_not_finite, "finite numbers are expected, the model's output is NaN or infinite");
  for (const auto& transform : postprocess) values_ = apply_after(transform, values_, sample_);
  flat_ = values_.flatten();
}

const at::Tensor& Prediction::label_map() {
  if (label_map_.defined()) return label_map_;
  auto expected = sample_.data.sizes().vec();
  expected[0] = 1;
  if (values_.sizes() != at::IntArrayRef(expected))
    throw Error(Reason::model_shape, "a mask of shape " + shape_text(expected) + " is expected after postprocessing; the model gave " +
                                         shape_text(values_.sizes()));
  return label_map_ = to_source_grid(values_.select(0, 0).to(at::kByte), sample_);
}

double Prediction::voxel_ml() const {
  const auto& a = sample_.source.affine;
  const double mm3 =
      std::abs(a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) + a[2] * (a[4] * a[9] - a[5] * a[8]));
  return mm3 / 1000;
}

std::string shape_text(at::IntArrayRef sizes) {
  std::vector<std::string> parts;
  for (const auto size : sizes) parts.push_back(std::to_string(size));
  return std::string("[").append(join(parts, ", ")).append("]");
}

}  // namespace aidp
