// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
using Vector = std::array<double, 3>;

constexpr double orientation_tolerance = 1e-3;  // of a direction cosine
constexpr double spacing_tolerance = 0.01;      // of the median distance
constexpr double tilt_tolerance = 0.01;         // sine of the angle between slice step and normal: 0.57 degrees
constexpr double same_position_mm = 1e-3;
constexpr double largest_spacing_mm = 1000;

Vector cross(const Vector& a, const Vector& b) { return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; }
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector minus(const Vector& a, const Vector& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
double length(const Vector& a) { return std::sqrt(dot(a, a)); }

struct Slice {
  SliceRef ref;
  const InstanceHeader* header = nullptr;
  const FrameHeader* frame = nullptr;
  double depth_mm = 0;  // along the normal
};

Vector across(const FrameHeader& frame) {
  return {(*frame.orientation)[0], (*frame.orientation)[1], (*frame.orientation)[2]};
}  // along a row
Vector down(const FrameHeader& frame) { return {(*frame.orientation)[3], (*frame.orientation)[4], (*frame.orientation)[5]}; }

bool is_placed(const FrameHeader& frame) {
  if (!frame.position_mm || !frame.orientation || !frame.pixel_spacing_mm) return false;
  const bool unit = std::abs(length(across(frame)) - 1) < 0.01 && std::abs(length(down(frame)) - 1) < 0.01;
  const bool sensible = std::ranges::all_of(*frame.pixel_spacing_mm, [](double mm) { return mm > 0 && mm < largest_spacing_mm; });
  return unit && sensible && std::abs(dot(across(frame), down(frame))) < 0.01;
}

template <class A, class B>
bool near(const A& a, const B& b, double tolerance) {
  return std::ranges::equal(a, b, [&](double x, double y) { return std::abs(x - y) <= tolerance; });
}

Slice slice_at(std::span<const InstanceHeader> series, const SliceRef& ref) {
  const auto& header = series[ref.instance];
  return {ref, &header, &header.frames[static_cast<std::size_t>(ref.frame)], 0};
}

// The attribute that differs, or null.
const char* difference_of(const Slice& a, const Slice& b) {
  if (a.header->frame_of_reference_uid != b.header->frame_of_reference_uid) return "FrameOfReferenceUID";
  if (a.header->rows != b.header->rows || a.header->columns != b.header->columns) return "Rows or Columns";
  const auto& spacing_mm = *a.frame->pixel_spacing_mm;
  if (!near(spacing_mm, *b.frame->pixel_spacing_mm, spacing_tolerance * spacing_mm[0])) return "PixelSpacing";
  return near(*a.frame->orientation, *b.frame->orientation, orientation_tolerance) ? nullptr : "ImageOrientationPatient";
}

void check_alike(const std::vector<Slice>& slices) {
  for (const auto& slice : slices)
    if (const char* differs = difference_of(slices.front(), slice))
      throw Error(Reason::geometry_mixed, std::string(differs) + " differs within the series: it is more than one volume");
}

double median_step(const std::vector<Slice>& slices) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < slices.size(); ++i) steps.push_back(slices[i].depth_mm - slices[i - 1].depth_mm);
  std::ranges::nth_element(steps, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2));
  return steps[steps.size() / 2];
}

void check_steps(const std::vector<Slice>& slices, double step_mm, const Vector& normal) {
  for (std::size_t i = 1; i < slices.size(); ++i) {
    const auto distance = slices[i].depth_mm - slices[i - 1].depth_mm;
    const auto where = " between slices " + std::to_string(i) + " and " + std::to_string(i + 1) + " of " + std::to_string(slices.size());
    if (distance < same_position_mm) throw Error(Reason::geometry_duplicate, "two slices lie at one position" + where);
    if (std::abs(distance - step_mm) > spacing_tolerance * step_mm)
      throw Error(Reason::geometry_spacing,
                  fixed(distance, 3) + " mm" + where + ", elsewhere " + fixed(step_mm, 3) + " mm: slices are missing or uneven");
    const auto step = minus(*slices[i].frame->position_mm, *slices[i - 1].frame->position_mm);
    const auto sideways = length(cross(step, normal)) / length(step);
    if (sideways > tilt_tolerance)
      throw Error(Reason::geometry_tilt, "the slices step " + fixed(std::asin(std::min(1.0, sideways)) * 180 / 3.14159265358979323846, 1) +
                                             " degrees off their normal: a tilted gantry");
  }
}

Affine affine_of(const FrameHeader& frame, const Vector& step) {
  const auto row = across(frame), column = down(frame);
  const auto [between_rows, between_columns] = *frame.pixel_spacing_mm;
  const auto& origin = *frame.position_mm;
  Affine affine{};
  for (std::size_t i = 0; i < 3; ++i) {
    affine[4 * i] = row[i] * between_columns;
    affine[4 * i + 1] = column[i] * between_rows;
    affine[4 * i + 2] = step[i];
    affine[4 * i + 3] = origin[i];
  }
  affine[15] = 1;
  return affine;
}
}  // namespace

std::vector<SliceRef> slices_of(std::span<const InstanceHeader> series) {
  std::vector<SliceRef> slices;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const auto count = std::max<std::int64_t>(1, series[i].number_of_frames);
    if (static_cast<std::int64_t>(series[i].frames.size()) != count)
      throw Error(Reason::geometry_missing, "a multi-frame object has geometry for " + std::to_string(series[i].frames.size()) + " of " +
                                                std::to_string(count) + " frames");
    for (std::int64_t f = 0; f < count; ++f) {
      if (!is_placed(series[i].frames[static_cast<std::size_t>(f)]))
        throw Error(Reason::geometry_missing,
                    "ImagePositionPatient, ImageOrientationPatient or PixelSpacing is missing or senseless in instance " +
                        series[i].sop_instance_uid);
      slices.push_back({i, f});
    }
  }
  return slices;
}

bool are_alike(std::span<const InstanceHeader> series, const SliceRef& a, const SliceRef& b) {
  return difference_of(slice_at(series, a), slice_at(series, b)) == nullptr;
}

VolumePlan plan_volume(std::span<const InstanceHeader> series) { return plan_volume(series, slices_of(series)); }

VolumePlan plan_volume(std::span<const InstanceHeader> series, const std::vector<SliceRef>& frames) {
  std::vector<Slice> slices;
  for (const auto& ref : frames) slices.push_back(slice_at(series, ref));
  if (slices.size() < 2)
    throw Error(Reason::geometry_few, "a volume takes 2 slices at least, and here is " + std::to_string(slices.size()));
  check_alike(slices);
  const auto& first = *slices.front().frame;
  auto normal = cross(across(first), down(first));
  const auto norm = length(normal);
  for (auto& component : normal) component /= norm;
  for (auto& slice : slices) slice.depth_mm = dot(*slice.frame->position_mm, normal);
  std::ranges::stable_sort(slices, {}, &Slice::depth_mm);
  const auto step_mm = median_step(slices);
  check_steps(slices, step_mm, normal);
  VolumePlan plan;
  for (const auto& slice : slices) plan.slices.push_back(slice.ref);
  auto step = minus(*slices.back().frame->position_mm, *slices.front().frame->position_mm);
  for (auto& component : step) component /= static_cast<double>(slices.size() - 1);
  plan.affine = affine_of(*slices.front().frame, step);
  plan.spacing_mm = {(*first.pixel_spacing_mm)[1], (*first.pixel_spacing_mm)[0], length(step)};
  return plan;
}

VolumePlan plan_frame(const InstanceHeader& header, std::int64_t frame) {
  VolumePlan plan;
  plan.slices = {{0, frame}};
  plan.affine = ImageHeader{}.affine;
  plan.spacing_mm = {1, 1, 1};
  const auto index = std::min(static_cast<std::size_t>(frame), header.frames.empty() ? 0 : header.frames.size() - 1);
  if (header.frames.empty() || !is_placed(header.frames[index])) return plan;
  const auto& placed = header.frames[index];
  plan.affine = affine_of(placed, cross(across(placed), down(placed)));
  plan.spacing_mm = {(*placed.pixel_spacing_mm)[1], (*placed.pixel_spacing_mm)[0], 1};
  return plan;
}

}  // namespace aidp
