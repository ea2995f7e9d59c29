// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/artefact_form.hpp"

#include <array>

#include "jobs/run/item_image.hpp"

namespace aidp {

namespace {
constexpr std::array forms{ArtefactForm{"masks", ".nii.gz", "label_map", mask_header, bytes_of_mask}};
constexpr const ArtefactForm& label_map = forms[0];
}  // namespace

std::span<const ArtefactForm> artefact_forms() { return forms; }

const ArtefactForm& artefact_form(const Output& output) {
  if (std::holds_alternative<MaskOutput>(output.kind)) return label_map;
  throw Error(Reason::internal, "the output '" + output.name + "' is not a file");
}

}  // namespace aidp
