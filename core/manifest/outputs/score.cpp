// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

OutputKind read_score(Fields& fields, Mistakes&) {
  ScoreOutput score;
  score.index = fields.integer("index", 0, 1 << 20).value_or(0);
  read_measurement(fields, "1", score);
  return score;
}

std::string description_of(const ScoreOutput&) { return "Score of the model"; }

}  // namespace aidp
