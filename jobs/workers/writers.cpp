// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/writers.hpp"

#include "core/artefacts/nifti.hpp"

namespace aidp {

const std::map<std::string_view, Writer>& writers() {
  static const std::map<std::string_view, Writer> all{{"label_map", write_nifti}};
  return all;
}

}  // namespace aidp
