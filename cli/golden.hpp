// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/output.hpp"
#include "jobs/run/run.hpp"

namespace aidp {

// Runs a package's golden cases and prints them, and the largest difference of each stage. Throws Error(acceptance_failed) with `remedy`
// if one is beyond its tolerance, and as run_golden() does. Returns the device on which they ran.
std::string compare_golden(const Package& package, const std::string& device, const std::string& remedy, const Globals& globals);

}  // namespace aidp
