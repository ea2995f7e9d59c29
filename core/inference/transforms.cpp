// SPDX-License-Identifier: Apache-2.0
#include "core/inference/transforms.hpp"

#include "core/base/error.hpp"

namespace aidp {

void apply(const Transform& transform, Sample& sample) {
  for (const auto* family : {&spatial_transforms(), &resample_transforms(), &intensity_transforms()})
    if (const auto found = family->find(transform.name); found != family->end()) return found->second(sample, transform.arguments);
  throw Error(Reason::manifest_invalid, "the transform " + transform.name + " is not known");
}

}  // namespace aidp
