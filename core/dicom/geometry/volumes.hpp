// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "core/dicom/geometry/geometry.hpp"

namespace aidp {

// The volumes that a series holds: frames of one orientation, PixelSpacing, size and frame of reference, and where several lie at each
// place, those that a telling_keywords() attribute puts together, one at each place, in the order of its values; where none does, those
// that InstanceNumber counts one after the other. One that plan_volume() refuses has its refusal, which names it.
// Throws as plan_volume() does where none is a volume.
std::vector<VolumePlan> split_volumes(std::span<const InstanceHeader> series, const Straightening& may = {});

}  // namespace aidp
