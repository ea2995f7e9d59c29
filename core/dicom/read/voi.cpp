// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/voi.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/dicom/read/lookup.hpp"
#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
[[noreturn]] void invalid(const std::string& what) { throw Error(Reason::dicom_attribute, what); }

bool has_voi(DcmItem& item) { return item_in(item, DCM_VOILUTSequence) || item.tagExistsWithValue(DCM_WindowCenter); }

DcmItem& place_of_voi(DcmDataset& dataset, std::int64_t frame) {
  for (auto* groups : {item_in(dataset, DCM_PerFrameFunctionalGroupsSequence, frame), item_in(dataset, DCM_SharedFunctionalGroupsSequence)})
    if (auto* voi = groups ? item_in(*groups, DCM_FrameVOILUTSequence) : nullptr; voi && has_voi(*voi)) return *voi;
  if (!has_voi(dataset)) invalid("the model asks for the VOI, but the image has neither WindowCenter nor VOILUTSequence");
  return dataset;
}

Voi table_of(DcmItem& item, bool below_zero) {
  DcmElement* descriptor = nullptr;
  const bool negative = item.findAndGetElement(DCM_LUTDescriptor, descriptor).good() && descriptor && descriptor->ident() == EVR_SS;
  const auto lut = read_lut(item, below_zero || negative);
  Voi voi;
  voi.first = static_cast<double>(lut.first);
  const double largest = std::ldexp(1.0, lut.bits) - 1;
  for (const auto entry : lut.entries) voi.table.push_back(static_cast<float>(std::min(entry / largest, 1.0)));
  return voi;
}

Voi window_of(DcmItem& item) {
  const auto center = number_of(item, DCM_WindowCenter), width = number_of(item, DCM_WindowWidth);
  if (!center || !width) invalid("WindowCenter or WindowWidth is missing or not a number");
  Voi voi;
  voi.center = *center;
  voi.width = *width;
  if (const auto function = text_of(item, DCM_VOILUTFunction); !function.empty()) voi.function = function;
  if (voi.function != "LINEAR" && voi.function != "LINEAR_EXACT" && voi.function != "SIGMOID")
    invalid("VOILUTFunction is " + printable(voi.function) + "; LINEAR, LINEAR_EXACT and SIGMOID are allowed");
  if (voi.function == "LINEAR" ? voi.width < 1 : voi.width <= 0) invalid("WindowWidth is too small for VOILUTFunction " + voi.function);
  return voi;
}
}  // namespace

Voi read_voi(DcmDataset& dataset, std::int64_t frame, bool below_zero) {
  auto& place = place_of_voi(dataset, frame);
  if (auto* item = item_in(place, DCM_VOILUTSequence)) return table_of(*item, below_zero);
  return window_of(place);
}

}  // namespace aidp
