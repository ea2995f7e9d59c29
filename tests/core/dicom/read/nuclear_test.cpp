// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/nuclear.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <memory>

#include "tests/catch.hpp"

using namespace aidp;

namespace {
constexpr std::int64_t frames = 4;

std::unique_ptr<DcmDataset> reconstruction(const char* image_type) {
  auto dataset = std::make_unique<DcmDataset>();
  dataset->putAndInsertString(DCM_Modality, "NM");
  dataset->putAndInsertString(DCM_ImageType, image_type);
  dataset->putAndInsertString(DCM_SpacingBetweenSlices, "-4.5");
  DcmItem* detector = nullptr;
  dataset->findOrCreateSequenceItem(DCM_DetectorInformationSequence, detector, 0);
  detector->putAndInsertString(DCM_ImagePositionPatient, "-18\\-18\\100");
  detector->putAndInsertString(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  return dataset;
}

InstanceHeader placed(DcmDataset& dataset) {
  InstanceHeader header;
  header.number_of_frames = frames;
  header.frames.resize(1);
  header.frames.front().telling.resize(telling_keywords().size());
  place_reconstruction(dataset, header);
  return header;
}

std::vector<double> depths(const InstanceHeader& header) {
  std::vector<double> z;
  for (const auto& frame : header.frames)
    if (frame.position_mm) z.push_back((*frame.position_mm)[2]);
  return z;
}
}  // namespace

TEST_CASE("the slices of a reconstruction follow its first one along the normal, or against it") {
  const auto dataset = reconstruction("ORIGINAL\\PRIMARY\\RECON TOMO\\EMISSION");
  CHECK(depths(placed(*dataset)) == std::vector<double>{100, 95.5, 91, 86.5});
  dataset->putAndInsertString(DCM_SpacingBetweenSlices, "4.5");
  CHECK(depths(placed(*dataset)) == std::vector<double>{100, 104.5, 109, 113.5});
  const Uint16 backwards[] = {4, 3, 2, 1};
  dataset->putAndInsertUint16Array(DCM_SliceVector, backwards, frames);
  CHECK(depths(placed(*dataset)) == std::vector<double>{113.5, 109, 104.5, 100});
}

TEST_CASE("a gated reconstruction has a volume for each time slot") {
  const auto dataset = reconstruction("ORIGINAL\\PRIMARY\\RECON GATED TOMO\\EMISSION");
  CHECK(depths(placed(*dataset)).empty());  // which frame is which slice is not told
  const Uint16 slices[] = {1, 2, 1, 2}, slots[] = {1, 1, 2, 2};
  dataset->putAndInsertUint16Array(DCM_SliceVector, slices, frames);
  dataset->putAndInsertUint16Array(DCM_TimeSlotVector, slots, frames);
  const auto header = placed(*dataset);
  CHECK(depths(header) == std::vector<double>{100, 95.5, 100, 95.5});
  CHECK(header.frames[0].telling == header.frames[1].telling);
  CHECK(header.frames[0].telling != header.frames[2].telling);
}

TEST_CASE("what does not say where its slices lie has no position") {
  const auto projections = reconstruction("ORIGINAL\\PRIMARY\\TOMO\\EMISSION");
  CHECK(depths(placed(*projections)).empty());
  const auto without = reconstruction("ORIGINAL\\PRIMARY\\RECON TOMO\\EMISSION");
  without->findAndDeleteElement(DCM_SpacingBetweenSlices);
  CHECK(depths(placed(*without)).empty());
  const auto two = reconstruction("ORIGINAL\\PRIMARY\\RECON TOMO\\EMISSION");
  DcmItem* other = nullptr;
  two->findOrCreateSequenceItem(DCM_DetectorInformationSequence, other, 1);
  other->putAndInsertString(DCM_ImagePositionPatient, "0\\0\\0");
  other->putAndInsertString(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  CHECK(depths(placed(*two)).empty());
}
