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
