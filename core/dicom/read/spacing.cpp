// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/spacing.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>

#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
using Spacing = std::array<double, 2>;

// Of one region: a 2-D image in cm along both axes.
std::optional<Spacing> spacing_of(DcmItem& region) {
  constexpr std::int64_t two_dimensional = 1, centimetres = 3;
  const auto says = [&](const DcmTagKey& tag, std::int64_t wanted) { return whole_number_of(region, tag, wanted, wanted).has_value(); };
  if (!says(DCM_RegionSpatialFormat, two_dimensional) || !says(DCM_PhysicalUnitsXDirection, centimetres) ||
      !says(DCM_PhysicalUnitsYDirection, centimetres))
    return std::nullopt;
  const auto x = number_of(region, DCM_PhysicalDeltaX), y = number_of(region, DCM_PhysicalDeltaY);
  constexpr double mm_in_cm = 10;
  return x && y ? std::optional(Spacing{std::abs(*y) * mm_in_cm, std::abs(*x) * mm_in_cm}) : std::nullopt;
}

// That all regions of ultrasound have; nothing where one has another, as a Doppler's curve.
std::optional<Spacing> spacing_of_regions(DcmItem& item) {
  std::optional<Spacing> common;
  for (std::int64_t i = 0; auto* region = item_in(item, DCM_SequenceOfUltrasoundRegions, i); ++i) {
    const auto own = spacing_of(*region);
    if (!own || (common && *common != *own)) return std::nullopt;
    common = own;
  }
  return common;
}
}  // namespace

void read_projected_spacing(DcmItem& item, FrameHeader& frame) {
  if (!frame.pixel_spacing_mm) frame.pixel_spacing_mm = spacing_of_regions(item);
  if (const auto spacing = numbers_of<2>(item, DCM_ImagerPixelSpacing)) frame.detector.spacing_mm = spacing;
  if (const auto factor = number_of(item, DCM_EstimatedRadiographicMagnificationFactor); factor && *factor > 0)
    frame.detector.magnification = factor;
}

}  // namespace aidp
