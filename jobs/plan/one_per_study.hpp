// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/plan/plan.hpp"

namespace aidp {

// Of each study of each patient's leaves the series that the manifest prefers, and drops the items of the others.
void keep_one_per_study(Plan& plan);

}  // namespace aidp
