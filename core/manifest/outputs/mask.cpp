// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

OutputKind read_mask(Fields& fields, Mistakes& mistakes) {
  MaskOutput mask;
  mask.names = read_names(fields, 1, "label", mistakes);
  return mask;
}

std::string description_of(const MaskOutput&) { return "Mask of the model"; }

}  // namespace aidp
