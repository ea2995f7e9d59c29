// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/report/surveillance.hpp"

namespace aidp {

// Fills by_site and by_scanner. `model`: a name, or empty for all.
void add_scores(Database& database, const std::string& model, SurveillanceReport& report);

}  // namespace aidp
