// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace aidp {

// Attributes as core/dicom/header.hpp has them, in MessagePack, and back. Throws Error(internal) for what is not a map of keywords to
// texts, numbers and lists of these.
std::string packed_attributes(const nlohmann::json& attributes);
nlohmann::json unpacked_attributes(std::string_view bytes);

}  // namespace aidp
