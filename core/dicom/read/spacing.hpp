// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dicom/header.hpp"

class DcmItem;

namespace aidp {

// How large the pixels of a projection or of ultrasound are, which no position goes with: PixelSpacing of its one scale (PS3.3 C.8.5.5) or
// ImagerPixelSpacing (C.8.11.4) as FrameHeader::detector. `item`: the object, or the functional groups of a frame of it.
void read_projected_spacing(DcmItem& item, FrameHeader& frame);

}  // namespace aidp
