// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aidp {

// The environment of a worker, "NAME=value": of this process's what the table in worker_environment.cpp lists, and `temporary_folder`,
// unless that is empty, as TMPDIR. The rest, in which there may be secrets, a worker does not see.
std::vector<std::string> worker_environment(const std::string& temporary_folder);

}  // namespace aidp
