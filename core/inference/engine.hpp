// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/script.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "core/manifest/manifest.hpp"

namespace aidp {

// A loaded artifact of one kind.
class Engine {
 public:
  virtual ~Engine() = default;
  // [N, ...] to [N, ...]. Throws what the model throws; Error(model_shape) if it gives no tensor.
  virtual at::Tensor forward(const at::Tensor& batch) = 0;
};

// The kind of device that an artifact was compiled for; nothing where it runs on any. Throws Error(model_load) for an unsound package.
std::optional<at::DeviceType> compiled_for(ArtifactKind kind, const std::filesystem::path& file);

// Throws Error(model_load) in words. The artifact has passed compiled_for().
std::unique_ptr<Engine> load_engine(ArtifactKind kind, const std::filesystem::path& file, const at::Device& device);

}  // namespace aidp
