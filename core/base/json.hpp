// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace aidp {

// Far more than anything that aidp writes, and far less than what exhausts the stack when JSON is walked by recursion.
inline constexpr int json_depth_at_most = 64;

// What others may have written: nothing if it is not JSON, or nested more than `depth` arrays and objects deep.
std::optional<nlohmann::json> parse_json(std::string_view text, int depth = json_depth_at_most);

}  // namespace aidp
