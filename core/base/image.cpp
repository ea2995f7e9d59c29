// SPDX-License-Identifier: Apache-2.0
#include "core/base/image.hpp"

namespace aidp {

namespace {
struct TypeRow {
  PixelType type;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array types{TypeRow{PixelType::uint8, "uint8", 1},     TypeRow{PixelType::int8, "int8", 1},
                           TypeRow{PixelType::uint16, "uint16", 2},   TypeRow{PixelType::int16, "int16", 2},
                           TypeRow{PixelType::uint32, "uint32", 4},   TypeRow{PixelType::int32, "int32", 4},
                           TypeRow{PixelType::float32, "float32", 4}, TypeRow{PixelType::float64, "float64", 8}};
}  // namespace

std::string_view name(PixelType type) { return types[static_cast<std::size_t>(type)].name; }

std::size_t bytes_of(PixelType type) { return types[static_cast<std::size_t>(type)].bytes; }

std::size_t ImageHeader::bytes() const { return static_cast<std::size_t>(slices * rows * columns * samples) * bytes_of(type); }

}  // namespace aidp
