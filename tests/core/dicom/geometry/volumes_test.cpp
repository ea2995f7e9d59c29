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

std::string refusal_of(const std::vector<InstanceHeader>& series) try {
  split_volumes(series);
  return "";
} catch (const Error& error) {
  return error.what();
}
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
