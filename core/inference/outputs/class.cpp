// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "core/inference/outputs/prediction.hpp"

namespace aidp {

// The largest of as many scores as there are classes, or the class itself where one number is given, as by AsDiscrete with argmax.
OutputValue value_of(const ClassOutput& classes, const std::string& name, Prediction& prediction) {
  const auto count = static_cast<std::int64_t>(classes.names.size());
  const auto& flat = prediction.flat();
  if (flat.numel() == count) return static_cast<double>(flat.argmax().item<std::int64_t>());
  const double given = flat.numel() == 1 ? flat[0].item<double>() : -1;
  if (given < 0 || given >= static_cast<double>(count) || given != std::floor(given))
    throw Error(Reason::model_shape, "the output '" + name + "' is one of " + std::to_string(count) +
                                         " classes, so the model must give a score for each, or the number of one; it gave " +
                                         (flat.numel() == 1 ? std::to_string(given) : shape_text(prediction.values().sizes())));
  return given;
}

}  // namespace aidp
