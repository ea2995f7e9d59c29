// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <msgpack.hpp>
#include <span>
#include <string_view>

namespace aidp {

enum class PixelType { uint8, int8, uint16, int16, uint32, int32, float32, float64 };
inline constexpr std::size_t pixel_types = 8;
std::string_view name(PixelType type);
std::size_t bytes_of(PixelType type);
// Calls `use` with a value of the C++ type of `type`.
template <class Use>
auto with_type(PixelType type, const Use& use) {
  switch (type) {
    case PixelType::uint8:
      return use(std::uint8_t{});
    case PixelType::int8:
      return use(std::int8_t{});
    case PixelType::uint16:
      return use(std::uint16_t{});
    case PixelType::int16:
      return use(std::int16_t{});
    case PixelType::uint32:
      return use(std::uint32_t{});
    case PixelType::int32:
      return use(std::int32_t{});
    case PixelType::float32:
      return use(float{});
    default:
      return use(double{});
  }
}

// The smallest type that holds every value of both.
PixelType type_for(PixelType one, PixelType other);
// Values of a type as those of one that holds them, little-endian; `out` has room for as many.
void widen(std::span<const std::byte> values, PixelType from, PixelType to, std::span<std::byte> out);

}  // namespace aidp

MSGPACK_ADD_ENUM(aidp::PixelType)
