// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string_view>

#include "core/base/image.hpp"

namespace aidp {

// Writes an output's file of one item, whole or not at all. `image`: what `values` are.
using Writer = void (*)(const std::filesystem::path& path, const ImageHeader& image, std::span<const std::byte> values);

// By the name that requests have for them.
const std::map<std::string_view, Writer>& writers();

}  // namespace aidp
