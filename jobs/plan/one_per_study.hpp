// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/plan/plan.hpp"

namespace aidp {

// Leaves each study of the plan one series with items: the manifest's preferred one. The others end as selection.other; where the
// preferences leave several equal, all of those end as selection.ambiguous.
void keep_one_per_study(const Manifest& manifest, HeaderIndex& index, Plan& plan);

}  // namespace aidp
