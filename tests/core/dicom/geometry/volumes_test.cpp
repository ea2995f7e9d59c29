// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry/volumes.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
// A slice at `z`, with the values of ImageType, EchoTime and so on that are given.
InstanceHeader slice(double z, std::vector<std::string> telling = {}) {
  InstanceHeader header;
  header.rows = header.columns = 4;
  telling.resize(telling_keywords().size());
  header.frames = {{std::array{0.0, 0.0, z}, std::array{1.0, 0.0, 0.0, 0.0, 1.0, 0.0}, std::array{1.0, 1.0}, 1, 0, telling}};
  return header;
}

// The instances of each volume.
std::vector<std::vector<std::size_t>> split(const std::vector<InstanceHeader>& series) {
  std::vector<std::vector<std::size_t>> volumes;
  for (const auto& plan : split_volumes(series)) {
    volumes.emplace_back();
    for (const auto& ref : plan.slices) volumes.back().push_back(ref.instance);
  }
  return volumes;
}

// The first, where all volumes are refused.
std::string refusal_of(const std::vector<InstanceHeader>& series) {
  const auto plans = split_volumes(series);
  for (const auto& plan : plans)
    if (!plan.refusal) return "";
  return plans.front().refusal->what();
}

// As many slices as there are places, with one value of one of telling_keywords().
void add(std::vector<InstanceHeader>& series, const std::vector<double>& places, std::size_t attribute, const std::string& value) {
  for (const double z : places) {
    series.push_back(slice(z));
    series.back().frames[0].telling[attribute] = value;
  }
}
constexpr auto acquisition = telling::acquisition_number, time_of = telling::acquisition_time, kernel = telling::convolution_kernel;
using Volumes = std::vector<std::vector<std::size_t>>;
}  // namespace

TEST_CASE("a series of one volume is not split, whatever differs from slice to slice") {
  CHECK(split({slice(2, {"", "9"}), slice(1, {"", "10"}), slice(3, {"", "11"})}) == Volumes{{1, 0, 2}});
}

TEST_CASE("echoes are told apart and come in the order of their times") {
  CHECK(split({slice(1, {"", "10"}), slice(1, {"", "9.5"}), slice(2, {"", "9.5"}), slice(2, {"", "10"})}) == Volumes{{1, 2}, {0, 3}});
}

TEST_CASE("what one attribute leaves together the next tells apart") {
  std::vector<InstanceHeader> series;
  for (const char* type : {"M", "P"})
    for (const char* echo : {"1", "2"})
      for (const double z : {1.0, 2.0}) series.push_back(slice(z, {type, echo}));
  CHECK(split(series) == Volumes{{0, 1}, {2, 3}, {4, 5}, {6, 7}});
}

TEST_CASE("each mosaic is a volume by itself, though nothing tells them apart and one is moved a little") {
  const auto mosaic = [](double z) {
    auto header = slice(z);
    header.tiles_across = header.number_of_frames = 2;
    header.frames.push_back(slice(z + 1).frames[0]);
    return header;
  };
  CHECK(split({mosaic(1), mosaic(1), mosaic(1.1)}) == Volumes{{0, 0}, {1, 1}, {2, 2}});
}

TEST_CASE("an attribute that has not one value at each place tells nothing apart") {
  CHECK(refusal_of({slice(1, {"", "1"}), slice(1, {"", "2"}), slice(2, {"", "3"}), slice(2, {"", "4"})})
            .find("two slices have the same position") != std::string::npos);
  const std::string part = refusal_of({slice(1, {"", "1"}), slice(2, {"", "1"}), slice(1, {"", "2"})});  // the second echo is incomplete
  CHECK(part.find("two slices have the same position") != std::string::npos);
}

TEST_CASE("orientations and sizes are volumes of their own, and a localizer of one image is refused alone, by its number") {
  auto sagittal = [](double x) {
    auto header = slice(0);
    header.frames[0].position_mm = std::array{x, 0.0, 0.0};
    header.frames[0].orientation = std::array{0.0, 1.0, 0.0, 0.0, 0.0, -1.0};
    return header;
  };
  CHECK(split({slice(1), sagittal(5), slice(2), sagittal(4)}) == Volumes{{0, 2}, {1, 3}});
  const auto plans = split_volumes(std::vector{slice(1), slice(2), sagittal(4)});
  REQUIRE(plans.size() == 2);
  CHECK_FALSE(plans[0].refusal);
  REQUIRE(plans[1].refusal);
  CHECK(std::string(plans[1].refusal->what()).starts_with("volume 2 of the 2 in the series: a volume needs at least 2 slices"));
  CHECK(refusal_of({slice(1), sagittal(4)}).starts_with("volume 1 of the 2"));
}

TEST_CASE("acquisitions that lie among each other are told apart, though no place repeats and all together are even") {
  for (const double offset : {0.7, 1.0}) {
    std::vector<InstanceHeader> series;
    add(series, {0, 2, 4, 6}, acquisition, "1");
    add(series, {0 + offset, 2 + offset, 4 + offset, 6 + offset}, acquisition, "2");
    CHECK(split(series) == Volumes{{0, 1, 2, 3}, {4, 5, 6, 7}});
  }
}

TEST_CASE("acquisitions that overlap in part are told apart, those one behind the other are one volume") {
  std::vector<InstanceHeader> series;
  add(series, {0, 2, 4, 6}, acquisition, "1");
  add(series, {4, 6, 8}, acquisition, "2");
  CHECK(split(series) == Volumes{{0, 1, 2, 3}, {4, 5, 6}});
  series.resize(4);
  add(series, {8, 10, 12}, acquisition, "2");
  CHECK(split(series) == Volumes{{0, 1, 2, 3, 4, 5, 6}});
  series.erase(series.begin() + 4);  // a slice is missing where they meet
  CHECK(refusal_of(series).find("slices are missing") != std::string::npos);
}

TEST_CASE("acquisitions of which one is uneven are refused by the attribute's name, even where uneven slices may be resampled") {
  std::vector<InstanceHeader> series;
  add(series, {0, 2, 4, 6, 8}, acquisition, "1");
  add(series, {0.7, 2.7, 6.7, 8.7}, acquisition, "2");
  const auto plans = split_volumes(series, {false, 10});
  REQUIRE(plans.size() == 1);
  REQUIRE(plans[0].refusal);
  CHECK(plans[0].refusal->reason() == Reason::geometry_mixed);
  CHECK(std::string(plans[0].refusal->what()).starts_with("AcquisitionNumber differs"));
}

TEST_CASE("times of MR's odd and even slices tell nothing apart, also of a stack with a slice missing; those of CT do") {
  std::vector<InstanceHeader> series;
  add(series, {0, 2, 4, 6}, time_of, "100000");
  add(series, {1, 3, 5, 7}, time_of, "100100");
  CHECK(split(series).size() == 1);
  for (auto& image : series) image.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
  CHECK(split(series) == Volumes{{0, 1, 2, 3}, {4, 5, 6, 7}});
  std::vector<InstanceHeader> three;  // 10 is missing
  add(three, {0, 6, 12}, time_of, "100000");
  add(three, {2, 8, 14}, time_of, "100100");
  add(three, {4, 16}, time_of, "100200");
  CHECK(refusal_of(three).find("slices are missing") != std::string::npos);
}

TEST_CASE("a time tells volumes of MR apart whose slices are at no even distances together") {
  std::vector<InstanceHeader> series;
  add(series, {0, 2, 4, 6}, time_of, "100000");
  add(series, {0.7, 2.7, 4.7, 6.7}, time_of, "100100");
  CHECK(split(series) == Volumes{{0, 1, 2, 3}, {4, 5, 6, 7}});
}

TEST_CASE("reconstructions with other steps are told apart; of those with the same steps each has every place, or a slice is lost") {
  std::vector<InstanceHeader> series;
  add(series, {0, 1, 2, 3, 4, 5, 6}, kernel, "SHARP");
  add(series, {0, 2, 4, 6}, kernel, "SOFT");
  CHECK(split(series) == Volumes{{0, 1, 2, 3, 4, 5, 6}, {7, 8, 9, 10}});
  series.resize(7);
  add(series, {0, 1, 2, 3, 4, 5}, kernel, "SOFT");
  CHECK(refusal_of(series).find("two slices have the same position") != std::string::npos);
}

TEST_CASE("stacks are volumes of their own, wherever they lie, unless each frame is called one") {
  std::vector<InstanceHeader> series;
  for (const auto* stack : {"1", "2"})
    add(series, stack[0] == '1' ? std::vector{0.0, 3.0, 6.0} : std::vector{9.0, 12.0}, telling::stack_id, stack);
  CHECK(split(series) == Volumes{{0, 1, 2}, {3, 4}});
  for (std::size_t i = 0; i < series.size(); ++i) series[i].frames[0].telling[telling::stack_id] = std::to_string(i);
  CHECK(split(series).size() == 1);
}

TEST_CASE("a localizer that lies as the slices do is none of them") {
  std::vector<InstanceHeader> series;
  add(series, {0, 1, 2}, telling::image_type, "ORIGINAL\\PRIMARY\\AXIAL");
  add(series, {3}, telling::image_type, "ORIGINAL\\PRIMARY\\LOCALIZER");
  CHECK(split(series) == Volumes{{0, 1, 2}, {3}});
}

TEST_CASE("an echo time that was computed anew for each slice is one echo") {
  CHECK(split({slice(1, {"", "4.6"}), slice(2, {"", "4.5999999"}), slice(3, {"", "4.6"}), slice(4, {"", "4.5999999"})}).size() == 1);
}

TEST_CASE("images that do not say where they lie are named behind the volumes") {
  auto nowhere = slice(0);
  nowhere.frames[0].position_mm.reset();
  const auto plans = split_volumes(std::vector{nowhere, slice(1), slice(2)});
  REQUIRE(plans.size() == 2);
  CHECK_FALSE(plans[0].refusal);
  REQUIRE(plans[1].refusal);
  CHECK(plans[1].refusal->reason() == Reason::geometry_missing);
  CHECK(plans[1].slices.front().instance == 0);
}

TEST_CASE("what else is told of images tells those of one place apart, and no slices of one volume") {
  const std::vector<std::string> further{"", "x", "", "x"};
  CHECK(split_volumes(std::vector{slice(1), slice(1), slice(2), slice(2)}, {}, further).size() == 2);
  CHECK(split_volumes(std::vector{slice(1), slice(2), slice(3), slice(4)}, {}, further).size() == 1);
}
