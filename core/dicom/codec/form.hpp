// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/image.hpp"
#include "core/dicom/header.hpp"

namespace aidp {

// What a decoded frame is: values of `type`, [row][column][sample], `bytes` in all. 64-bit, so that a lie about the size is seen before any
// allocation.
struct FrameForm {
  PixelType type = PixelType::uint8;
  int samples = 1;
  std::uint64_t bytes = 0;
  bool operator==(const FrameForm&) const = default;
};

// As stored: 1-bit values take a byte each, sub-sampled colour is made whole.
FrameForm stored_form(const InstanceHeader& header);
// As a model is given it (PixelFile::decode): a palette's colours, a modality LUT's values, else as stored.
FrameForm decoded_form(const InstanceHeader& header);
// What a frame takes in a file without compression: 1-bit values are packed, YBR_FULL_422 has two bytes for each pixel.
std::uint64_t native_frame_bits(const InstanceHeader& header);
inline constexpr std::int64_t frames_at_most = 100'000;  // of one object: each is an item of its own, or a slice
// Which of Rows, Columns and BitsAllocated are absent, 0 or no number, so that there is no size; empty: none.
std::string lacking_sizes(const InstanceHeader& header);
// That a frame is larger than is decoded, by its Rows and Columns; nothing where it is not.
std::optional<Error> too_large(const InstanceHeader& header);
// Of one decoded stored value.
std::size_t value_bytes(const InstanceHeader& header);

}  // namespace aidp
