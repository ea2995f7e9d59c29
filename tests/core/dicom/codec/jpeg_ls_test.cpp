// SPDX-License-Identifier: Apache-2.0
#include <charls/charls.h>

#include <random>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("JPEG-LS with a zero byte before its end is decoded, cut or with another byte it is corrupt") {
  constexpr std::uint32_t side = 16;
  std::mt19937 random(5);
  std::vector<std::uint16_t> values(side * side), decoded(values.size());
  for (auto& value : values) value = static_cast<std::uint16_t>(random());
  charls::jpegls_encoder encoder;
  encoder.frame_info({side, side, 16, 1});
  std::vector<std::byte> stream(encoder.estimated_destination_size());
  encoder.destination(stream.data(), stream.size());
  stream.resize(encoder.encode(values));
  InstanceHeader header;
  header.rows = header.columns = side;
  header.bits_allocated = header.bits_stored = 16;
  header.photometric_interpretation = "MONOCHROME2";
  const auto decode = [&] { decode_jpeg_ls(stream, header, std::as_writable_bytes(std::span(decoded))); };
  decode();
  CHECK(decoded == values);
  decoded.assign(decoded.size(), 0);
  const auto zero = stream.insert(stream.end() - 2, std::byte{0});
  decode();
  CHECK(decoded == values);
  *zero = std::byte{7};
  CHECK_THROWS_AS(decode(), Error);
  stream.resize(stream.size() / 2);
  CHECK_THROWS_AS(decode(), Error);
}

// pydicom with pyjpegls, pylibjpeg and GDCM: no bit of a codestream is unused, and its precision, not BitsStored, says where the sign is.
TEST_CASE("JPEG-LS of more bits than BitsStored keeps them") {
  const std::vector<std::uint16_t> values{0, 1000, 40000, 63000};
  charls::jpegls_encoder encoder;
  encoder.frame_info({2, 2, 16, 1});
  std::vector<std::byte> stream(encoder.estimated_destination_size());
  encoder.destination(stream.data(), stream.size());
  stream.resize(encoder.encode(values));
  InstanceHeader header;
  header.rows = header.columns = 2;
  header.bits_allocated = 16;
  header.bits_stored = 12;
  header.high_bit = 11;
  std::vector<std::uint16_t> positive(4);
  decode_jpeg_ls(stream, header, std::as_writable_bytes(std::span(positive)));
  CHECK(positive == values);
  header.pixel_representation = 1;
  std::vector<std::int16_t> negative(4);
  decode_jpeg_ls(stream, header, std::as_writable_bytes(std::span(negative)));
  CHECK(negative == std::vector<std::int16_t>{0, 1000, -25536, -2536});
}
