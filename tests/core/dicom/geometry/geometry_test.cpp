// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry/geometry.hpp"

#include <cmath>
#include <functional>

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
// Axial slices `step_mm` apart, in the order of `places`.
std::vector<InstanceHeader> series_of(const std::vector<double>& places,
                                      const std::function<void(InstanceHeader&, std::size_t)>& change = {}) {
  std::vector<InstanceHeader> series;
  for (std::size_t i = 0; i < places.size(); ++i) {
    InstanceHeader header;
    header.rows = 4;
    header.columns = 6;
    header.sop_instance_uid = "1." + std::to_string(i);
    header.frames = {{std::array{-10.0, -20.0, places[i]}, std::array{1.0, 0.0, 0.0, 0.0, 1.0, 0.0}, std::array{2.0, 0.5}, 1, 0, {}}};
    if (change) change(header, i);
    series.push_back(header);
  }
  return series;
}

Reason refusal_of(const std::vector<InstanceHeader>& series) try {
  plan_volume(series);
  return Reason::internal;
} catch (const Error& error) {
  return error.reason();
}
}  // namespace

TEST_CASE("slices are sorted by position, and spacing comes from positions") {
  const auto plan = plan_volume(series_of({3, 9, 0, 6}));
  std::vector<std::size_t> order;
  for (const auto& slice : plan.slices) order.push_back(slice.instance);
  CHECK(order == std::vector<std::size_t>{2, 0, 3, 1});
  CHECK(plan.spacing_mm == std::array<double, 3>{0.5, 2, 3});  // columns, rows, slices: PixelSpacing is rows first
  CHECK(plan.affine == Affine{0.5, 0, 0, -10, 0, 2, 0, -20, 0, 0, 3, 0, 0, 0, 0, 1});
}

TEST_CASE("what is no regular volume is refused by its own name") {
  CHECK(refusal_of(series_of({0})) == Reason::geometry_few);
  CHECK(refusal_of(series_of({0, 3, 9})) == Reason::geometry_spacing);
  CHECK(refusal_of(series_of({0, 3, 3})) == Reason::geometry_duplicate);
  CHECK(refusal_of(series_of({0, 3, 6}, [](auto& h, auto i) {
          if (i == 1) h.frames[0].position_mm.reset();
        })) == Reason::geometry_missing);
  CHECK(refusal_of(series_of({0, 3, 6}, [](auto& h, auto i) {
          if (i == 1) h.frames[0].orientation = std::array{0.0, 1.0, 0.0, 0.0, 0.0, 1.0};
        })) == Reason::geometry_mixed);
  CHECK(refusal_of(series_of({0, 3, 6}, [](auto& h, auto i) {
          if (i == 1) h.rows = 8;
        })) == Reason::geometry_mixed);
  CHECK(refusal_of(series_of({0, 3, 6}, [](auto& h, auto i) { (*h.frames[0].position_mm)[1] += static_cast<double>(i); })) ==
        Reason::geometry_tilt);
}

TEST_CASE("uneven slices get a grid as close as the closest of them where they may, but no gap wider than allowed") {
  const auto series = series_of({0, 2, 4, 8});
  const auto plan = plan_volume(series, {false, 5});
  REQUIRE(plan.grid);
  CHECK(plan.grid->slices == 5);
  CHECK(plan.grid->rows == 4);
  CHECK(plan.grid->columns == 6);
  CHECK(plan.grid->first_voxels == std::vector<std::array<double, 3>>{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 0, 4}});
  CHECK(plan.affine == Affine{0.5, 0, 0, -10, 0, 2, 0, -20, 0, 0, 2, 0, 0, 0, 0, 1});
  CHECK(plan.spacing_mm == std::array<double, 3>{0.5, 2, 2});
  const auto refused = [&](const Straightening& may) {
    try {
      plan_volume(series, may);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  CHECK(refused({false, 3.5}).find("largest_gap_mm is 3.5") != std::string::npos);
  CHECK(refused({true, 0}).find("missing or uneven") != std::string::npos);
  CHECK_FALSE(plan_volume(series_of({0, 9, 18}), {false, 5}).grid);  // far apart, but even
}

TEST_CASE("a grid has no more than twice the slices, and ends on the last of them") {
  const auto plan = plan_volume(series_of({0, 0.5, 5.5, 10.5}), {false, 5});
  REQUIRE(plan.grid);
  CHECK(plan.grid->slices == 8);
  CHECK(plan.spacing_mm[2] == Approx(1.5));
  CHECK(plan.grid->first_voxels.back()[2] == Approx(7));
}

TEST_CASE("tilted slices get an upright grid that holds all of each where they may") {
  const auto series = series_of({0, 3, 6}, [](auto& h, auto i) { (*h.frames[0].position_mm)[1] -= 1.0 * static_cast<double>(i); });
  const auto plan = plan_volume(series, {true, 0});
  REQUIRE(plan.grid);
  CHECK(plan.grid->slices == 3);
  CHECK(plan.grid->rows == 5);  // the last slice begins one row of 2 mm before the first
  CHECK(plan.grid->columns == 6);
  CHECK(plan.grid->first_voxels == std::vector<std::array<double, 3>>{{0, 1, 0}, {0, 0.5, 1}, {0, 0, 2}});
  CHECK(plan.affine == Affine{0.5, 0, 0, -10, 0, 2, 0, -22, 0, 0, 3, 0, 0, 0, 0, 1});
  CHECK(plan.spacing_mm == std::array<double, 3>{0.5, 2, 3});
  const auto lying = series_of({0, 3, 6}, [](auto& h, auto i) { (*h.frames[0].position_mm)[1] += 4.0 * static_cast<double>(i); });
  CHECK_THROWS_AS(plan_volume(lying, {true, 0}), Error);  // 53 degrees
}

TEST_CASE("thin oblique slices whose positions were written with two decimals are one even volume, a slice beside them is not") {
  std::array across{0.9, 0.3, -0.316}, down{-0.28, 0.953, 0.107};
  const auto unit = [](auto& v) {
    const double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (auto& x : v) x /= length;
  };
  unit(across);
  const double along = across[0] * down[0] + across[1] * down[1] + across[2] * down[2];
  for (std::size_t i = 0; i < 3; ++i) down[i] -= along * across[i];
  unit(down);
  const std::array normal{across[1] * down[2] - across[2] * down[1], across[2] * down[0] - across[0] * down[2],
                          across[0] * down[1] - across[1] * down[0]};
  auto series = series_of(std::vector<double>(40, 0), [&](InstanceHeader& header, std::size_t i) {
    header.frames[0].orientation = std::array{across[0], across[1], across[2], down[0], down[1], down[2]};
    for (std::size_t axis = 0; axis < 3; ++axis)
      (*header.frames[0].position_mm)[axis] = std::round(100 * (-90.123 + 0.5 * static_cast<double>(i) * normal[axis])) / 100;
  });
  const auto plan = plan_volume(series);
  CHECK_FALSE(plan.grid);
  CHECK(plan.spacing_mm[2] == Approx(0.5).epsilon(0.001));
  for (std::size_t axis = 0; axis < 3; ++axis) (*series[20].frames[0].position_mm)[axis] += 0.05 * across[axis];
  CHECK(refusal_of(series) == Reason::geometry_tilt);
}

TEST_CASE("a frame without a position has the size of its pixels and no affine") {
  InstanceHeader header;
  header.frames.resize(1);
  auto& frame = header.frames.front();
  CHECK_FALSE(plan_frame(header, 0).has_spacing);
  CHECK_FALSE(plan_frame(header, 0).is_placed);
  frame.detector.spacing_mm = {0.2, 0.4};
  CHECK(plan_frame(header, 0).spacing_mm == std::array{0.4, 0.2, 1.0});
  CHECK(is_magnified(frame));
  frame.detector.magnification = 2;
  CHECK(plan_frame(header, 0).spacing_mm == std::array{0.2, 0.1, 1.0});
  CHECK_FALSE(is_magnified(frame));
  frame.pixel_spacing_mm = {0.15, 0.16};
  CHECK(plan_frame(header, 0).spacing_mm == std::array{0.16, 0.15, 1.0});
  frame.position_mm = {1, 2, 3};
  CHECK_FALSE(plan_frame(header, 0).is_placed);
  frame.orientation = {1, 0, 0, 1, 0, 0};
  CHECK_FALSE(plan_frame(header, 0).is_placed);
  frame.orientation = {1, 0, 0, 0, 1, 0};
  CHECK(plan_frame(header, 0).is_placed);
  frame.pixel_spacing_mm = {0, 0};
  frame.detector = {};
  CHECK_FALSE(plan_frame(header, 0).has_spacing);
}
