// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aidp {

// The connected components of a mask.
struct Components {
  std::vector<std::int32_t> labels;  // of each element: 0 background, else 1, 2, ... in the order of the components' first elements
  std::vector<std::int64_t> sizes;   // elements of each label; of the background too, at 0
};

// Components of the elements of `mask` that are not 0, an array of `shape` in C order. Neighbours are at most `connectivity` orthogonal
// steps apart, as skimage.measure.label and scipy.ndimage.generate_binary_structure count: 1 faces, up to shape.size() corners too.
Components connected_components(std::span<const std::uint8_t> mask, const std::vector<std::int64_t>& shape, std::int64_t connectivity);

}  // namespace aidp
