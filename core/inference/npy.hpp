// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/script.h>

#include <filesystem>

namespace aidp {

// An array that numpy.save wrote: float32, little-endian, in C order. Throws Error(package_invalid) where it is none.
at::Tensor read_npy(const std::filesystem::path& path);

}  // namespace aidp
