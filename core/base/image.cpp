// SPDX-License-Identifier: Apache-2.0
#include "core/base/image.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace aidp {

namespace {
struct TypeRow {
  PixelType type;
  std::string_view name;
  std::size_t bytes;
};

// Whether every value of `other` is one of `type`.
bool holds(PixelType type, PixelType other) {
  return with_type(type, [&](auto wide) {
    return with_type(other, [](auto narrow) {
      using Wide = std::numeric_limits<decltype(wide)>;
      using Narrow = std::numeric_limits<decltype(narrow)>;
      return Wide::digits >= Narrow::digits && Wide::is_signed >= Narrow::is_signed && Wide::is_integer <= Narrow::is_integer;
    });
  });
}
constexpr std::array types{TypeRow{PixelType::uint8, "uint8", 1},     TypeRow{PixelType::int8, "int8", 1},
                           TypeRow{PixelType::uint16, "uint16", 2},   TypeRow{PixelType::int16, "int16", 2},
                           TypeRow{PixelType::uint32, "uint32", 4},   TypeRow{PixelType::int32, "int32", 4},
                           TypeRow{PixelType::float32, "float32", 4}, TypeRow{PixelType::float64, "float64", 8}};
}  // namespace

std::string_view name(PixelType type) { return types[static_cast<std::size_t>(type)].name; }

std::size_t bytes_of(PixelType type) { return types[static_cast<std::size_t>(type)].bytes; }

PixelType type_for(PixelType one, PixelType other) {
  const auto* found = std::ranges::find_if(types, [&](const auto& row) { return holds(row.type, one) && holds(row.type, other); });
  return found->type;  // float64 holds all
}

void widen(std::span<const std::byte> values, PixelType from, PixelType to, std::span<std::byte> out) {
  with_type(from, [&](auto narrow) {
    with_type(to, [&](auto wide) {
      for (std::size_t i = 0; i < values.size() / sizeof narrow; ++i) {
        std::memcpy(&narrow, values.data() + i * sizeof narrow, sizeof narrow);
        wide = static_cast<decltype(wide)>(narrow);
        std::memcpy(out.data() + i * sizeof wide, &wide, sizeof wide);
      }
    });
  });
}

std::size_t ImageHeader::bytes() const { return static_cast<std::size_t>(slices * rows * columns * samples) * bytes_of(type); }

}  // namespace aidp
