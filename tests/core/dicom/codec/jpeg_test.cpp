// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djeijg16.h>

#include <memory>
#include <random>

#include "core/dicom/codec/codec.hpp"
#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("lossless JPEG gives back what was written with each predictor, over the whole range of 16 bits") {
  constexpr Uint16 side = 32;
  std::mt19937 random(5);
  std::vector<Uint16> values(side * side);
  for (auto& value : values) value = static_cast<Uint16>(random());
  InstanceHeader header;
  header.rows = header.columns = side;
  header.bits_allocated = header.bits_stored = 16;
  header.photometric_interpretation = "MONOCHROME2";
  const DJCodecParameter parameters(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel);
  for (int predictor = 1; predictor <= 7; ++predictor) {
    DJCompressIJG16Bit encoder(parameters, EJM_lossless, predictor, 0);
    Uint8* encoded = nullptr;
    Uint32 length = 0;
    REQUIRE(encoder.encode(side, side, EPI_Monochrome2, 1, values.data(), encoded, length).good());
    const std::unique_ptr<Uint8[]> owner(encoded);
    std::vector<Uint16> decoded(values.size());
    decode_jpeg(std::as_bytes(std::span(encoded, length)), header, std::as_writable_bytes(std::span(decoded)));
    INFO("predictor " << predictor);
    CHECK(decoded == values);
  }
}
