// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/colour.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace aidp {

namespace {
constexpr int scale_bits = 16;
constexpr std::int32_t fixed_point(double factor) { return static_cast<std::int32_t>(factor * (1 << scale_bits) + 0.5); }

// What a chroma of 0..255 adds to the other colours; green's halves are added before they are scaled down.
struct Chroma {
  std::array<std::int32_t, 256> red, green_of_cr, green_of_cb, blue;
};

constexpr Chroma make_chroma() {
  constexpr std::int32_t half = 1 << (scale_bits - 1);
  Chroma chroma{};
  for (std::int32_t i = 0; i < 256; ++i) {
    const auto x = i - 128;
    const auto at = static_cast<std::size_t>(i);
    chroma.red[at] = (fixed_point(1.40200) * x + half) >> scale_bits;
    chroma.blue[at] = (fixed_point(1.77200) * x + half) >> scale_bits;
    chroma.green_of_cr[at] = -fixed_point(0.71414) * x;
    chroma.green_of_cb[at] = -fixed_point(0.34414) * x + half;
  }
  return chroma;
}

std::byte clamped(std::int32_t value) { return static_cast<std::byte>(std::clamp(value, 0, 255)); }
}  // namespace

void ybr_to_rgb(std::span<std::byte> pixels) {
  static constexpr Chroma chroma = make_chroma();
  for (std::size_t i = 0; i + 3 <= pixels.size(); i += 3) {
    const auto y = std::to_integer<std::int32_t>(pixels[i]);
    const auto cb = std::to_integer<std::size_t>(pixels[i + 1]), cr = std::to_integer<std::size_t>(pixels[i + 2]);
    pixels[i] = clamped(y + chroma.red[cr]);
    pixels[i + 1] = clamped(y + ((chroma.green_of_cb[cb] + chroma.green_of_cr[cr]) >> scale_bits));
    pixels[i + 2] = clamped(y + chroma.blue[cb]);
  }
}

}  // namespace aidp
