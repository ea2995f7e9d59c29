// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/dicom/geometry/geometry.hpp"

namespace aidp {

// The volumes that a series holds: frames of one orientation, PixelSpacing, size, frame of reference and StackID, localizers apart from
// others, as told_apart() finds them. Behind them, one by one, the images that do not say where they lie. What is no volume has its
// refusal, which names it.
std::vector<VolumePlan> split_volumes(std::span<const InstanceHeader> series, const Straightening& may = {},
                                      std::span<const std::string> further = {});

}  // namespace aidp
