// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/dicom/geometry/geometry.hpp"

namespace aidp {

// Frames that are meant for one volume.
struct ToldVolume {
  std::vector<SliceRef> frames;
  std::string mixed;  // what differs between slices that lie among each other, and yet makes no volumes of them; empty: nothing
};

// Frames that are alike, by volume: one by one as telling_keywords() and InstanceNumber tell them apart, in the order of their values.
//
// What one acquisition gives - echoes, b-values, phases - has the same places, so where several frames lie at each, a value stands for a
// volume if it has each place once. Acquisitions and reconstructions have places of their own: where they overlap, or lie among each other,
// a value stands for a volume if its slices are even by themselves. Nothing that lies one behind the other is told apart.
//
// `further`: one text for each image of the series, or none: what else tells images apart where several lie at each place.
std::vector<ToldVolume> told_apart(std::span<const InstanceHeader> series, const std::vector<SliceRef>& frames,
                                   std::span<const std::string> further = {});

}  // namespace aidp
