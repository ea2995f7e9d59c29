// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/value.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("a decimal string is read whole or not at all") {
  CHECK(decimal_in("1.52") == 1.52);
  CHECK(decimal_in(" +1.5e-2 ") == 0.015);
  CHECK(decimal_in(std::string_view("-7\0", 3)) == -7);
  for (const auto* text : {"1,52", "1 .5", "1.5mm", "", "+-1", "abc", "1e999", "nan", "inf", "0x10", "1.2.3"})
    CHECK_FALSE(decimal_in(text));
}

TEST_CASE("values of a header are numbers of any VR, and as many as there must be") {
  DcmDataset dataset;
  dataset.putAndInsertString(DCM_PixelSpacing, "0.5\\0,5");
  dataset.putAndInsertString(DCM_ImagerPixelSpacing, "0.5\\0.25");
  dataset.putAndInsertString(DCM_InstanceNumber, "12 x");
  dataset.putAndInsertString(DCM_SeriesNumber, "+12");
  dataset.putAndInsertString(DCM_EchoNumbers, "1.5");
  dataset.putAndInsertString(DCM_RescaleSlope, "1\\2");
  dataset.putAndInsertFloat64(DCM_RealWorldValueSlope, 0.1);
  dataset.putAndInsertFloat32(DCM_BeamAngle, 0.5F);
  dataset.putAndInsertUint16(DCM_Rows, 65535);
  CHECK_FALSE(numbers_of<2>(dataset, DCM_PixelSpacing));
  CHECK(number_of(dataset, DCM_PixelSpacing) == 0.5);
  CHECK(numbers_of<2>(dataset, DCM_ImagerPixelSpacing) == std::array{0.5, 0.25});
  CHECK_FALSE(numbers_of<3>(dataset, DCM_ImagerPixelSpacing));
  CHECK_FALSE(numbers_of<1>(dataset, DCM_RescaleSlope));
  CHECK_FALSE(whole_number_of(dataset, DCM_InstanceNumber, 0, 100));
  CHECK_FALSE(whole_number_of(dataset, DCM_EchoNumbers, 0, 100));
  CHECK(whole_number_of(dataset, DCM_SeriesNumber, 0, 100) == 12);
  CHECK_FALSE(whole_number_of(dataset, DCM_SeriesNumber, 0, 11));
  CHECK(number_of(dataset, DCM_RealWorldValueSlope) == 0.1);
  CHECK(number_of(dataset, DCM_BeamAngle) == 0.5);
  CHECK(number_of(dataset, DCM_Rows) == 65535);
  CHECK_FALSE(number_of(dataset, DCM_Columns));
}
