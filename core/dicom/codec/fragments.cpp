// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/fragments.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/error.hpp"

namespace aidp {

namespace {
using Bytes = std::span<const std::byte>;
constexpr std::size_t head_bytes = 8;  // tag and length
constexpr std::size_t fragments_at_most = std::size_t{1} << 20;

bool begins(Bytes bytes, const char* with, std::size_t size) { return bytes.size() >= size && std::memcmp(bytes.data(), with, size) == 0; }

// JPEG and JPEG-LS (SOI), a JPEG 2000 codestream (SOC, SIZ) and its boxes.
bool begins_codestream(Bytes bytes) {
  return begins(bytes, "\xFF\xD8\xFF", 3) || begins(bytes, "\xFF\x4F\xFF\x51", 4) ||
         begins(bytes,
                "\0\0\0\x0C"
                "jP  ",
                8);
}

// RLE's header: up to 15 segments, the first of them behind the header, and no offset of any more (PS3.5 G.5).
bool begins_rle(Bytes bytes) {
  constexpr std::size_t words = 16;
  if (bytes.size() < words * sizeof(std::uint32_t)) return false;
  std::array<std::uint32_t, words> header;
  std::memcpy(header.data(), bytes.data(), sizeof header);
  const auto segments = header[0];
  if (segments < 1 || segments >= words || header[1] != sizeof header) return false;
  return std::all_of(header.begin() + 1 + segments, header.end(), [](auto offset) { return offset == 0; });
}
}  // namespace

Fragments::Fragments(Bytes items, std::int64_t frames, Codec codec) {
  read(items);
  check_surplus(frames, codec);
  find_frames(frames);
}

// A frame more than the header has would be taken for the end of another, and be lost.
void Fragments::check_surplus(std::int64_t frames, Codec codec) const {
  const auto begins_frame = [&](Bytes fragment) {
    if (codec == Codec::deflated_frames) return !fragment.empty();  // each is one (PS3.5 A.4.13)
    return codec == Codec::rle ? begins_rle(fragment) : begins_codestream(fragment);
  };
  if (const auto found = std::ranges::count_if(fragments_, begins_frame); found > frames)
    throw Error(Reason::pixels_size,
                "PixelData has " + std::to_string(found) + " frames, but NumberOfFrames says " + std::to_string(frames));
}

void Fragments::read(Bytes items) {
  bool first = true;
  for (std::size_t at = 0;; first = false) {
    if (at + head_bytes > items.size()) throw Error(Reason::dicom_truncated, "the file ends within its compressed pixels");
    const auto head = items.subspan(at, head_bytes);
    if (begins(head, "\xFE\xFF\xDD\xE0", 4)) return;
    if (!begins(head, "\xFE\xFF\x00\xE0", 4)) throw Error(Reason::pixels_corrupt, "a fragment does not begin where the one before it ends");
    std::uint32_t length = 0;
    std::memcpy(&length, head.data() + 4, sizeof length);
    at += head_bytes;
    if (length > items.size() - at) throw Error(Reason::dicom_truncated, "the file ends within its compressed pixels");
    const auto value = items.subspan(at, length);
    at += length;
    if (!first) {
      fragments_.push_back(value);
    } else if (length >= sizeof(std::uint32_t)) {
      offsets_.resize(length / sizeof(std::uint32_t));
      std::memcpy(offsets_.data(), value.data(), offsets_.size() * sizeof(std::uint32_t));
    }
    if (fragments_.size() > fragments_at_most)
      throw Error(Reason::pixels_limit, "PixelData has more than " + std::to_string(fragments_at_most) + " fragments");
  }
}

// A single frame has all fragments. Several have one each where the counts agree, else the offset table says, else a fragment that begins a
// codestream begins a frame.
void Fragments::find_frames(std::int64_t frames) {
  const auto count = static_cast<std::size_t>(frames);
  if (count == 1) {
    first_ = {0, fragments_.size()};
  } else if (fragments_.size() == count) {
    for (std::size_t i = 0; i <= count; ++i) first_.push_back(i);
  } else if (!by_offsets(count) && !by_beginnings(count)) {
    throw Error(Reason::pixels_corrupt, std::to_string(fragments_.size()) + " fragments for " + std::to_string(count) +
                                            " frames, and no offset table assigns them");
  }
}

bool Fragments::by_offsets(std::size_t frames) {
  if (offsets_.size() != frames) return false;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < fragments_.size() && first_.size() < frames; ++i) {
    if (at == offsets_[first_.size()]) first_.push_back(i);
    at += fragments_[i].size() + head_bytes;
  }
  const bool complete = first_.size() == frames && frames > 0;
  first_.push_back(fragments_.size());
  if (!complete) first_.clear();
  return complete;
}

bool Fragments::by_beginnings(std::size_t frames) {
  for (std::size_t i = 0; i < fragments_.size(); ++i)
    if (begins_codestream(fragments_[i])) first_.push_back(i);
  const bool complete = first_.size() == frames && frames > 0 && first_.front() == 0;
  first_.push_back(fragments_.size());
  return complete;
}

Bytes Fragments::frame(std::int64_t index, std::vector<std::byte>& joined) const {
  const auto i = static_cast<std::size_t>(index);
  if (i + 1 >= first_.size()) throw Error(Reason::pixels_corrupt, "frame " + std::to_string(index + 1) + " has no data");
  if (first_[i + 1] == first_[i] + 1 && !fragments_[first_[i]].empty()) return fragments_[first_[i]];
  joined.clear();
  for (auto f = first_[i]; f < first_[i + 1]; ++f) joined.insert(joined.end(), fragments_[f].begin(), fragments_[f].end());
  if (joined.empty()) throw Error(Reason::pixels_corrupt, "frame " + std::to_string(index + 1) + " has no data");
  return joined;
}

}  // namespace aidp
