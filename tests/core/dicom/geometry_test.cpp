// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry.hpp"

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
