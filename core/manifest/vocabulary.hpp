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
  bool per_axis = false;  // a list with a number for each spatial axis; one number stands for all of them

  // `axes`: how many spatial axes there are.
  bool fits(const nlohmann::json& value, std::size_t axes) const;
  std::string expectation(std::size_t axes) const;  // in words: "a whole number from 1 to 64"
};

// A transform of MONAI's vocabulary (MONAI 1.6, monai.transforms) that aidp runs, with MONAI's names and defaults of its arguments.
struct TransformKind {
  std::string name;
  bool after_model = false;
  bool volumes_only = false;  // needs unit: series
  std::vector<Parameter> parameters;
};

const std::vector<TransformKind>& transform_vocabulary();
// The arguments of monai.inferers.sliding_window_inference.
const TransformKind& sliding_window_kind();
// Those of monai.inferers.SliceInferer: windows of a slice.
const TransformKind& slices_kind();

}  // namespace aidp
