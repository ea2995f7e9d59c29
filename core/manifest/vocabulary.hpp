// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace aidp {

// What a transform's argument may be.
struct Parameter {
  enum class Type { number, integer, boolean, text, numbers, integers };
  std::string name;
  Type type = Type::number;
  nlohmann::json standard;                                // the default; null: required; discarded: optional without a default
  std::vector<std::string> allowed{};                     // of a text
  double low = -std::numeric_limits<double>::infinity();  // of every number, both ends allowed
  double high = std::numeric_limits<double>::infinity();

  bool fits(const nlohmann::json& value) const;
  std::string expectation() const;  // in words: "a list of whole numbers from 1 to 16384"
};

// A transform of MONAI's vocabulary (MONAI 1.6, monai.transforms) that aidp runs.
struct TransformKind {
  std::string name;
  bool after_model = false;
  bool volumes_only = false;  // needs unit: series
  std::vector<Parameter> parameters;
};

const std::vector<TransformKind>& transform_vocabulary();

}  // namespace aidp
