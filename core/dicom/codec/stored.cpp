// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/stored.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

namespace {
template <class Value>
Value value_at(std::span<const std::byte> bytes, std::size_t index) {
  Value value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

template <class Value>
void put(std::span<std::byte> bytes, std::size_t index, Value value) {
  std::memcpy(bytes.data() + index * sizeof value, &value, sizeof value);
}

template <class Stored>
void shift_bits(std::span<std::byte> bytes, OwnBits own) {
  constexpr int width = 8 * static_cast<int>(sizeof(Stored));
  const int left = width - own.highest - 1, right = width - own.count;
  for (std::size_t i = 0; i < bytes.size() / sizeof(Stored); ++i) {
    auto raw = value_at<std::make_unsigned_t<Stored>>(bytes, i);
    raw = static_cast<std::make_unsigned_t<Stored>>(raw << left);
    put(bytes, i, static_cast<Stored>(static_cast<Stored>(raw) >> right));
  }
}

// Writes `count` numbers of `per_value` each for every stored value, of one or two bytes, as `type`.
template <class Look>
void look_up(std::span<const std::byte> stored, const InstanceHeader& header, PixelType type, std::size_t per_value, const Look& look,
             std::span<std::byte> out) {
  with_type(stored_form(header).type, [&](auto kind) {
    using Stored = decltype(kind);
    const auto count = stored.size() / sizeof(Stored);
    with_type(type, [&](auto result) {
      using Result = decltype(result);
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t s = 0; s < per_value; ++s)
          put(out, i * per_value + s, static_cast<Result>(look(static_cast<double>(value_at<Stored>(stored, i)), s)));
    });
  });
}
}  // namespace

void put_bits_right(std::span<std::byte> values, PixelType type, OwnBits bits) {
  if (bits.count >= 8 * static_cast<int>(bytes_of(type))) return;
  with_type(type, [&](auto kind) {
    if constexpr (std::is_integral_v<decltype(kind)>) shift_bits<decltype(kind)>(values, bits);
  });
}

void look_up_modality(std::span<const std::byte> stored, const InstanceHeader& header, const LookupTable& table, const Range& padding,
                      std::span<std::byte> out) {
  const auto look = [&](double value, std::size_t) -> std::uint32_t {
    if (padding && value >= (*padding)[0] && value <= (*padding)[1]) return beyond_modality_lut;
    return table.at(static_cast<std::int64_t>(value));
  };
  look_up(stored, header, decoded_form(header).type, 1, look, out);
}

void look_up_palette(std::span<const std::byte> stored, const InstanceHeader& header, const std::vector<LookupTable>& palette,
                     std::span<std::byte> out) {
  const auto look = [&](double value, std::size_t colour) { return palette[colour].at(static_cast<std::int64_t>(value)); };
  look_up(stored, header, decoded_form(header).type, palette.size(), look, out);
}

double largest_beside(std::span<const std::byte> values, PixelType type, const Range& padding) {
  auto largest = std::numeric_limits<double>::quiet_NaN();
  with_type(type, [&](auto kind) {
    using Value = decltype(kind);
    for (std::size_t i = 0; i < values.size() / sizeof(Value); ++i) {
      const auto value = static_cast<double>(value_at<Value>(values, i));
      const bool is_padding = padding && value >= (*padding)[0] && value <= (*padding)[1];
      if (!is_padding) largest = std::fmax(largest, value);
    }
  });
  return largest;
}

std::array<double, 2> range_of(std::span<const std::byte> values, PixelType type) {
  std::array<double, 2> range{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  with_type(type, [&](auto kind) {
    using Value = decltype(kind);
    constexpr bool exact = std::is_integral_v<Value>;
    auto least = exact ? std::numeric_limits<Value>::max() : std::numeric_limits<Value>::infinity();
    auto largest = exact ? std::numeric_limits<Value>::lowest() : -std::numeric_limits<Value>::infinity();
    for (std::size_t i = 0; i < values.size() / sizeof(Value); ++i) {
      const auto value = value_at<Value>(values, i);
      least = value < least ? value : least;  // false for NaN
      largest = value > largest ? value : largest;
    }
    if (least <= largest) range = {static_cast<double>(least), static_cast<double>(largest)};
  });
  return range;
}

}  // namespace aidp
