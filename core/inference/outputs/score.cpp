// SPDX-License-Identifier: Apache-2.0
#include "core/inference/outputs/prediction.hpp"

namespace aidp {

OutputValue value_of(const ScoreOutput& score, const std::string& name, Prediction& prediction) {
  if (score.index >= prediction.flat().numel())
    throw Error(Reason::model_shape, "the output '" + name + "' is element " + std::to_string(score.index) + "; the model gave " +
                                         shape_text(prediction.values().sizes()));
  return prediction.flat()[score.index].item<double>();
}

}  // namespace aidp
