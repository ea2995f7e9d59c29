// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/fragments.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
void add(std::string& items, std::uint16_t element, const std::string& value) {
  const auto length = static_cast<std::uint32_t>(value.size());
  items += std::string("\xFE\xFF", 2) + std::string(reinterpret_cast<const char*>(&element), 2) +
           std::string(reinterpret_cast<const char*>(&length), 4) + value;
}

// Encapsulated, with an empty offset table.
std::string encapsulated(const std::vector<std::string>& fragments) {
  std::string items;
  add(items, 0xE000, "");
  for (const auto& fragment : fragments) add(items, 0xE000, fragment);
  add(items, 0xE0DD, "");
  return items;
}

Reason refusal_of(const std::vector<std::string>& fragments, std::int64_t frames, Codec codec) try {
  const auto items = encapsulated(fragments);
  const Fragments read(std::as_bytes(std::span(items)), frames, codec);
  return Reason::internal;
} catch (const Error& error) {
  return error.reason();
}

// One segment of PackBits.
std::string rle(const std::string& segment) {
  std::string frame(64, '\0');
  frame[0] = 1;
  frame[4] = 64;
  return frame + segment;
}
}  // namespace

TEST_CASE("more compressed frames than NumberOfFrames are refused, fragments of one frame are not") {
  const std::string jpeg("\xFF\xD8\xFF\xDB", 4), rest("\1\2\3\4", 4), j2k("\xFF\x4F\xFF\x51", 4);
  CHECK(refusal_of({jpeg, rest}, 1, Codec::jpeg) == Reason::internal);
  CHECK(refusal_of({jpeg, jpeg}, 2, Codec::jpeg) == Reason::internal);
  CHECK(refusal_of({jpeg, jpeg}, 1, Codec::jpeg) == Reason::pixels_size);
  CHECK(refusal_of({jpeg, rest, jpeg, rest, jpeg, rest, jpeg}, 2, Codec::jpeg_ls) == Reason::pixels_size);
  CHECK(refusal_of({j2k, j2k}, 1, Codec::jpeg_2000) == Reason::pixels_size);
  CHECK(refusal_of({rle("\1ab"), rle("\1cd")}, 1, Codec::rle) == Reason::pixels_size);
  CHECK(refusal_of({rle("\1ab"), rest}, 1, Codec::rle) == Reason::internal);
  CHECK(refusal_of({rest, rest}, 1, Codec::deflated_frames) == Reason::pixels_size);
}

TEST_CASE("an RLE segment may run over its end, but not by a row") {
  InstanceHeader header;
  header.rows = 2;
  header.columns = 4;
  header.bits_allocated = header.bits_stored = 8;
  std::vector<std::byte> out(8);
  const auto decode = [&](const std::string& segment) {
    const auto frame = rle(segment);
    decode_rle(std::as_bytes(std::span(frame)), header, out);
  };
  CHECK_NOTHROW(decode("\7abcdefgh"));
  CHECK_NOTHROW(decode(std::string("\7abcdefgh\0", 10)));  // padded
  CHECK_NOTHROW(decode("\xF7z"));                          // a run of 10
  CHECK_THROWS_AS(decode("\xF5z"), Error);                 // of 12
  CHECK_THROWS_AS(decode("\7abcdefgh\3ijkl"), Error);
  CHECK_THROWS_AS(decode("\7abcdefgh\xFDz"), Error);
}
