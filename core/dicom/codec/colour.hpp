// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace aidp {

// YBR_FULL of 8 bits to RGB, in place (PS3.3 C.7.6.3.1.2), rounded as libjpeg does.
void ybr_to_rgb(std::span<std::byte> pixels);

}  // namespace aidp
