// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/store/home.hpp"

namespace aidp {

struct EnvironmentRow {
  std::string what, value;
  bool ok = true;
  std::string remedy;
};
// Devices, LibTorch, codecs, disk, permissions, memory, processors; asks each worker. What lacks is a row, not an Error.
std::vector<EnvironmentRow> check_environment(const Home& home);

}  // namespace aidp
