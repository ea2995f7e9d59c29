// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/inference/model.hpp"
#include "core/inference/sample.hpp"

namespace aidp {

// What the model gave of one item, after postprocessing: what the outputs are made of.
class Prediction {
 public:
  // `raw`: [channel, ...], float32. Throws Error(model_not_finite), and as apply_after() does.
  Prediction(const at::Tensor& raw, Sample sample, const std::vector<Transform>& postprocess);

  const at::Tensor& values() const { return values_; }
  const at::Tensor& flat() const { return flat_; }
  // On the source grid: [slice, row, column], uint8; made when it is first asked for. Throws Error(model_shape) if the values are no map.
  const at::Tensor& label_map();
  double voxel_ml() const;  // of the source grid

 private:
  Sample sample_;
  at::Tensor values_, flat_, label_map_;
};

// How each kind is made, a file each. Throw Error(model_shape) with what was expected. `name`: of the output.
OutputValue value_of(const ScoreOutput& score, const std::string& name, Prediction& prediction);
OutputValue value_of(const ClassOutput& classes, const std::string& name, Prediction& prediction);
OutputValue value_of(const MaskOutput& mask, const std::string& name, Prediction& prediction);
OutputValue value_of(const VolumeOutput& volume, const std::string& name, Prediction& prediction);

// "[1, 2, 3]"
std::string shape_text(at::IntArrayRef sizes);

}  // namespace aidp
