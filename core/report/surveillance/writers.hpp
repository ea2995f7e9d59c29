// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/report/surveillance/facts.hpp"

namespace aidp {

std::string to_html(const SurveillanceReport& report);     // one file, no script
std::string to_csv(const SurveillanceReport& report);      // section,key,metric,value,low,high,n,period
nlohmann::json to_json(const SurveillanceReport& report);  // schema aidp.surveillance/1; null always beside a "reason"

}  // namespace aidp
