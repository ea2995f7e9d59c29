// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/nuclear.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "core/dicom/codec/form.hpp"
#include "core/dicom/geometry/vector.hpp"
#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
bool is_reconstruction(DcmItem& dataset) {
  const auto types = split(text_of(dataset, DCM_ImageType), '\\');
  const bool reconstructed = types.size() > 2 && (types[2] == "RECON TOMO" || types[2] == "RECON GATED TOMO");
  return reconstructed && text_of(dataset, DCM_Modality) == "NM";
}

struct Plane {
  std::array<double, 3> position_mm;
  std::array<double, 6> orientation;
  bool operator==(const Plane&) const = default;
};

// That all detectors have.
std::optional<Plane> first_plane(DcmItem& dataset) {
  std::optional<Plane> common;
  for (std::int64_t i = 0; auto* detector = item_in(dataset, DCM_DetectorInformationSequence, i); ++i) {
    const auto position = numbers_of<3>(*detector, DCM_ImagePositionPatient);
    const auto orientation = numbers_of<6>(*detector, DCM_ImageOrientationPatient);
    if (!position || !orientation) return std::nullopt;
    const Plane own{*position, *orientation};
    if (common && *common != own) return std::nullopt;
    common = own;
  }
  return common;
}

// The slice that each frame is, from 0; empty where one is not told.
std::vector<std::int64_t> slices_of(DcmItem& dataset, const InstanceHeader& header) {
  std::vector<std::int64_t> slices;
  DcmElement* vector = nullptr;
  const bool told = dataset.findAndGetElement(DCM_SliceVector, vector).good() && vector && vector->getVM() > 0;
  if (told && static_cast<std::int64_t>(vector->getVM()) != header.number_of_frames) return {};
  const bool gated = text_of(dataset, DCM_ImageType).find("GATED") != std::string::npos;
  if (!told && gated && header.number_of_frames > 1) return {};
  for (std::int64_t frame = 0; frame < header.number_of_frames; ++frame) {
    const auto number = told ? number_at(*vector, static_cast<unsigned long>(frame)) : static_cast<double>(frame + 1);
    if (!number || *number < 1 || *number != std::floor(*number)) return {};
    slices.push_back(static_cast<std::int64_t>(*number) - 1);
  }
  return slices;
}

// Gates of the heart, time slots and energies tell frames of one place apart.
std::string moment_of(DcmItem& dataset, std::int64_t frame) {
  std::string moment;
  for (const auto& tag : {DCM_RRIntervalVector, DCM_TimeSlotVector, DCM_EnergyWindowVector}) {
    DcmElement* vector = nullptr;
    if (dataset.findAndGetElement(tag, vector).bad() || !vector) continue;
    const auto number = number_at(*vector, static_cast<unsigned long>(frame));
    if (number) moment += (moment.empty() ? "" : " ") + aidp::number(*number);
  }
  return moment;
}
}  // namespace

void place_reconstruction(DcmItem& dataset, InstanceHeader& header) {
  if (!is_reconstruction(dataset) || header.frames.front().position_mm || header.number_of_frames > frames_at_most) return;
  const auto plane = first_plane(dataset);
  const auto slices = slices_of(dataset, header);
  const auto spacing = number_of(dataset, DCM_SpacingBetweenSlices);
  const bool several = std::ranges::any_of(slices, [](auto slice) { return slice > 0; });
  if (!plane || slices.empty() || (several && !spacing)) return;
  const auto& o = plane->orientation;
  const auto normal = cross({o[0], o[1], o[2]}, {o[3], o[4], o[5]});
  if (!(length(normal) > 0)) return;
  const auto image = header.frames.front();
  header.frames.assign(slices.size(), image);
  for (std::size_t frame = 0; frame < slices.size(); ++frame) {
    auto& placed = header.frames[frame];
    placed.orientation = plane->orientation;
    placed.position_mm = plane->position_mm;
    for (std::size_t i = 0; several && i < 3; ++i)
      (*placed.position_mm)[i] += static_cast<double>(slices[frame]) * *spacing * normal[i] / length(normal);
    auto& moment = placed.telling[telling::temporal_position];
    if (moment.empty()) moment = moment_of(dataset, static_cast<std::int64_t>(frame));
  }
}

}  // namespace aidp
