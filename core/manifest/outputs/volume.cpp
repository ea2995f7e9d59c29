// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"
#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

OutputKind read_volume(Fields& fields, Mistakes& mistakes) {
  VolumeOutput volume;
  const auto labels = fields.take("labels", true);
  bool sound = labels.IsSequence() && labels.size() > 0;
  if (labels.IsSequence())
    for (const auto& entry : labels) {
      const auto label = whole(entry, 1, label_at_most);
      sound = sound && label;
      volume.labels.push_back(label.value_or(0));
    }
  if (labels.IsDefined() && !sound) mistakes.add(labels, "'labels' takes a list of label numbers from 1 to 255");
  read_measurement(fields, "ml", volume);
  return volume;
}

std::string description_of(const VolumeOutput& volume) {
  std::vector<std::string> labels;
  for (const auto label : volume.labels) labels.push_back(std::to_string(label));
  return "Volume of the mask's label " + join(labels, ", ");
}

}  // namespace aidp
