// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/dicom/codec/syntax.hpp"

namespace aidp {

// The compressed frames of an encapsulated PixelData (PS3.5 A.4), as they stand in the file's bytes.
class Fragments {
 public:
  Fragments() = default;
  // `items`: from the first item on.
  // Throws Error(dicom_truncated, pixels_corrupt, pixels_limit); Error(pixels_size) where there are more frames than these.
  Fragments(std::span<const std::byte> items, std::int64_t frames, Codec codec);
  // `joined` holds what a frame of several fragments is put together in. Throws Error(pixels_corrupt).
  std::span<const std::byte> frame(std::int64_t index, std::vector<std::byte>& joined) const;

 private:
  void read(std::span<const std::byte> items);
  void find_frames(std::int64_t frames);
  void check_surplus(std::int64_t frames, Codec codec) const;
  bool by_offsets(std::size_t frames);
  bool by_beginnings(std::size_t frames);
  std::vector<std::span<const std::byte>> fragments_;
  std::vector<std::uint32_t> offsets_;  // basic offset table
  std::vector<std::size_t> first_;      // fragment of each frame, and the end
};

}  // namespace aidp
