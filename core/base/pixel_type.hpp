// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <msgpack.hpp>
#include <string_view>

namespace aidp {

enum class PixelType { uint8, int8, uint16, int16, uint32, int32, float32, float64 };
inline constexpr std::size_t pixel_types = 8;
std::string_view name(PixelType type);
std::size_t bytes_of(PixelType type);

}  // namespace aidp

MSGPACK_ADD_ENUM(aidp::PixelType)
