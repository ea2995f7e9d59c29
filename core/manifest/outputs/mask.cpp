// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

OutputKind read_mask(Fields& fields, Mistakes& mistakes) {
  MaskOutput mask;
  const auto names = fields.take("names", true);
  if (!names.IsDefined()) return mask;
  if (!names.IsMap() || names.size() == 0) {
    mistakes.add(names, "'names' must map label numbers to names, such as {1: lung}");
    return mask;
  }
  for (const auto& entry : names) {
    const auto label = whole(entry.first, 1, label_at_most);
    if (!label) mistakes.add(entry.first, "a label is a number from 1 to 255");
    mask.names[label.value_or(0)] = line_of_text(entry.second, "the name of a label", mistakes);
  }
  return mask;
}

std::string description_of(const MaskOutput&) { return "Mask of the model"; }

}  // namespace aidp
