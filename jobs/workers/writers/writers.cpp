// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/writers/writers.hpp"

namespace aidp {

const std::map<std::string_view, Writer>& writers() {
  static const std::map<std::string_view, Writer> all{{"label_map", write_label_map}};
  return all;
}

}  // namespace aidp
