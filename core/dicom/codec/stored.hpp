// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/image.hpp"
#include "core/dicom/header.hpp"
#include "core/dicom/read/lookup.hpp"

namespace aidp {

using Range = std::optional<std::array<double, 2>>;  // closed

// What happens to stored values, [row][column][sample] of value_bytes(header).

// Which bits of a stored value are its own: so many, up to the highest. The rest is cleared, or the sign extended into it (PS3.5 8.1.1).
struct OwnBits {
  int count = 16, highest = 15;
};
void put_bits_right(std::span<std::byte> values, PixelType type, OwnBits bits);
// A modality LUT's entries, of the type of decoded_form(). Stored values within `padding` become beyond_modality_lut.
void look_up_modality(std::span<const std::byte> stored, const InstanceHeader& header, const LookupTable& table, const Range& padding,
                      std::span<std::byte> out);
inline constexpr std::uint32_t beyond_modality_lut = 65536;
// A palette's colours: [row][column][red, green, blue] of decoded_form().
void look_up_palette(std::span<const std::byte> stored, const InstanceHeader& header, const std::vector<LookupTable>& palette,
                     std::span<std::byte> out);

// The least and the largest, NaN left out; {NaN, NaN} without any.
std::array<double, 2> range_of(std::span<const std::byte> values, PixelType type);

// The largest value that is not in the range `padding`; NaN where there is none.
double largest_beside(std::span<const std::byte> values, PixelType type, const std::optional<std::array<double, 2>>& padding);

}  // namespace aidp
