// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dicom/header.hpp"

class DcmItem;

namespace aidp {

// Places the frames of a reconstruction of nuclear medicine (ImageType RECON TOMO and RECON GATED TOMO): the first slice's position and the
// orientation stand in DetectorInformationSequence, SpacingBetweenSlices goes along the normal, below 0 against it, and SliceVector says
// which slice a frame is (PS3.3 C.8.4.11, C.8.4.15). What is not there leaves the frames without a position.
void place_reconstruction(DcmItem& dataset, InstanceHeader& header);

}  // namespace aidp
