// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrploss.h>

#include <algorithm>
#include <random>

#include "core/dicom/codec/pixels.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
constexpr Uint16 side = 32, brightest = 1023;

// Lossy 12-bit JPEG (1.2.840.10008.1.2.4.51) of values that the header says have 10 bits.
void write_lossy(const std::string& path, const std::vector<Uint16>& values) {
  DJEncoderRegistration::registerCodecs();
  DcmFileFormat file;
  auto& dataset = *file.getDataset();
  dataset.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
  dataset.putAndInsertString(DCM_SOPInstanceUID, "1.2.3");
  dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  for (const auto& [tag, value] : {std::pair{DCM_Rows, side},
                                   {DCM_Columns, side},
                                   {DCM_SamplesPerPixel, Uint16{1}},
                                   {DCM_BitsAllocated, Uint16{16}},
                                   {DCM_BitsStored, Uint16{12}},
                                   {DCM_HighBit, Uint16{11}},
                                   {DCM_PixelRepresentation, Uint16{0}}})
    dataset.putAndInsertUint16(tag, value);
  dataset.putAndInsertUint16Array(DCM_PixelData, values.data(), values.size());
  const DJ_RPLossy quality(60);
  REQUIRE(dataset.chooseRepresentation(EXS_JPEGProcess2_4, &quality).good());
  dataset.putAndInsertUint16(DCM_BitsStored, 10);
  dataset.putAndInsertUint16(DCM_HighBit, 9);
  REQUIRE(file.saveFile(path.c_str(), EXS_JPEGProcess2_4).good());
  DJEncoderRegistration::cleanup();
}
}  // namespace

TEST_CASE("a lossy codec that overshoots BitsStored leaves the brightest pixels bright") {
  start_dicom();
  const Scratch scratch;
  std::mt19937 random(5);
  std::vector<Uint16> values(side * side), decoded(values.size());
  for (auto& value : values) value = random() % 2 ? brightest : 0;
  const auto path = (scratch.folder / "lossy.dcm").string();
  write_lossy(path, values);
  PixelFile(path).decode_stored(0, std::as_writable_bytes(std::span(decoded)));
  CHECK(*std::ranges::max_element(decoded) > brightest);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] == brightest) CHECK(decoded[i] > brightest / 2);
}
