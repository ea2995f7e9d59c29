// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/base/image.hpp"

class DcmDataset;

namespace aidp {

// How a frame is meant to be shown: the first VOI LUT, or else the first window, of its functional groups, the shared ones or the image
// itself (PS3.3 C.11.2, C.7.6.16.2.10). It is of values after the modality LUT or rescale, of MR and PET too: their standard has the window
// be of stored values (github.com/dgobbi/vtk-dicom/issues/200), their scanners write it of rescaled ones. `frame` counts from 0;
// `below_zero`: whether these values may be negative. Throws Error(dicom_attribute) if there is none, or it is invalid.
Voi read_voi(DcmDataset& dataset, std::int64_t frame, bool below_zero);

}  // namespace aidp
