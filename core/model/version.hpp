// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aidp {

// Whether version `a` comes before `b` by Semantic Versioning 2.0.0: 1.9.0 before 1.10.0, and 1.0.0-rc1 before 1.0.0.
bool older(const std::string& a, const std::string& b);

}  // namespace aidp
