// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/script.h>

#include <filesystem>
#include <memory>

#include "core/manifest/manifest.hpp"

namespace aidp {

// A loaded artifact of one kind.
class Engine {
 public:
  virtual ~Engine() = default;
  // [N, ...] to [N, ...]. Throws what the model throws; Error(model_shape) if it gives no tensor.
  virtual at::Tensor forward(const at::Tensor& batch) = 0;
};

// Throws Error(model_load) in words.
std::unique_ptr<Engine> load_engine(ArtifactKind kind, const std::filesystem::path& file, const at::Device& device);

}  // namespace aidp
