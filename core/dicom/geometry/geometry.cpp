// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry/geometry.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/dicom/geometry/vector.hpp"

namespace aidp {

namespace {
constexpr double orientation_tolerance = 1e-3;  // of a direction cosine
constexpr double spacing_tolerance = 0.01;      // of the median distance
constexpr double tilt_tolerance = 0.01;         // sine of the angle between the slices' steps and their normal: 0.57 degrees
constexpr double largest_tilt = 0.71;           // its largest: 45 degrees; a gantry's is 30
constexpr double same_position_mm = 1e-3;
constexpr double rounded_mm = 0.02;  // of a place between two others, all written with two decimals
constexpr double same_voxel = 0.01;
constexpr double largest_spacing_mm = 1000;

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

// What is not as an even volume's.
struct Irregular {
  bool spacing = false, tilt = false;
};

class Steps {
 public:
  Steps(const std::vector<Slice>& slices, const Vector& normal) : slices_(slices), normal_(normal) {
    for (std::size_t i = 1; i < slices.size(); ++i) distances_mm_.push_back(slices[i].depth_mm - slices[i - 1].depth_mm);
    auto sorted = distances_mm_;
    std::ranges::sort(sorted);
    median_mm_ = sorted[sorted.size() / 2];
    smallest_mm_ = sorted.front();
  }

  double smallest_mm() const { return smallest_mm_; }

  // Throws where something is irregular that may not be.
  Irregular check(const Straightening& may) const {
    Irregular found;
    for (std::size_t i = 0; i < distances_mm_.size(); ++i) {
      if (distances_mm_[i] < same_position_mm)
        throw Error(Reason::geometry_duplicate, "two slices have the same position: slices " + pair(i));
      if (is_uneven(i, may)) found.spacing = true;
    }
    found.tilt = is_tilted(may);
    if (found.spacing) check_gaps(may);
    return found;
  }

 private:
  std::string pair(std::size_t i) const {
    return std::to_string(i + 1) + " and " + std::to_string(i + 2) + " of " + std::to_string(slices_.size());
  }

  bool is_uneven(std::size_t i, const Straightening& may) const {
    if (std::abs(distances_mm_[i] - median_mm_) <= spacing_tolerance * median_mm_) return false;
    if (std::max(off_depth(i), off_depth(i + 1)) <= rounded_mm) return false;
    if (may.largest_gap_mm > 0) return true;
    throw Error(Reason::geometry_spacing, fixed(distances_mm_[i], 3) + " mm between slices " + pair(i) + ", " + fixed(median_mm_, 3) +
                                              " mm elsewhere: slices are missing or unevenly spaced");
  }

  void check_gaps(const Straightening& may) const {
    for (std::size_t i = 0; i < distances_mm_.size(); ++i)
      if (distances_mm_[i] > may.largest_gap_mm)
        throw Error(Reason::geometry_spacing, fixed(distances_mm_[i], 3) + " mm between slices " + pair(i) +
                                                  ": the distances are uneven, and the model's largest_gap_mm is " +
                                                  fixed(may.largest_gap_mm, 3));
  }

  // How far a slice lies from where it would if all were equally deep, and from the line from the first to the last.
  double off_depth(std::size_t i) const {
    const auto part = static_cast<double>(i) / static_cast<double>(slices_.size() - 1);
    return std::abs(slices_[i].depth_mm - std::lerp(slices_.front().depth_mm, slices_.back().depth_mm, part));
  }
  double off_line(std::size_t i) const {
    const auto& first = *slices_.front().frame->position_mm;
    const auto line = minus(*slices_.back().frame->position_mm, first);
    return length(cross(minus(*slices_[i].frame->position_mm, first), line)) / length(line);
  }

  double sideways(std::size_t from, std::size_t to) const {
    const auto step = minus(*slices_[to].frame->position_mm, *slices_[from].frame->position_mm);
    return length(cross(step, normal_)) / length(step);
  }

  // Judged over the stack: thin slices whose positions were written with two decimals step to and fro.
  bool is_tilted(const Straightening& may) const {
    auto most = sideways(0, slices_.size() - 1);
    for (std::size_t i = 0; i + 1 < slices_.size(); ++i)
      if (std::max(off_line(i), off_line(i + 1)) > rounded_mm) most = std::max(most, sideways(i, i + 1));
    if (most <= tilt_tolerance) return false;
    if (may.gantry_tilt && most <= largest_tilt) return true;
    throw Error(Reason::geometry_tilt,
                "the slices step " + fixed(std::asin(std::min(1.0, most)) * 180 / std::numbers::pi, 1) +
                    " degrees off their normal: " + (may.gantry_tilt ? "more than any gantry's tilt" : "a tilted gantry"));
  }

  const std::vector<Slice>& slices_;
  const Vector& normal_;
  std::vector<double> distances_mm_;
  double median_mm_ = 0, smallest_mm_ = 0;
};

bool is_sensible(const std::optional<std::array<double, 2>>& spacing_mm) {
  return spacing_mm && std::ranges::all_of(*spacing_mm, [](double mm) { return mm > 0 && mm < largest_spacing_mm; });
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

// The slices' first voxels along a direction of theirs, in voxels of `voxel_mm` from the first slice's.
std::vector<double> shifts_along(const std::vector<Slice>& slices, const Vector& direction, double voxel_mm) {
  std::vector<double> shifts;
  for (const auto& slice : slices)
    shifts.push_back(dot(minus(*slice.frame->position_mm, *slices.front().frame->position_mm), direction) / voxel_mm);
  return shifts;
}

// Makes all of them at least 0, by whole voxels. How many voxels there are before the first slice's first, and more than a slice has.
struct Room {
  std::int64_t before = 0, more = 0;
  explicit Room(std::vector<double>& shifts) {
    const auto [low, high] = std::ranges::minmax(shifts);
    before = -std::llround(std::floor(low + same_voxel));
    more = before + std::llround(std::ceil(high - same_voxel));
    const bool straight = before == 0 && more == 0;
    for (auto& shift : shifts) shift = straight ? 0 : shift + static_cast<double>(before);
  }
};

// Slices at uneven depths keep what little shear is tolerated; tilted ones are put upright.
void add_grid(const std::vector<Slice>& slices, const Vector& normal, const Irregular& irregular, double closest_mm, VolumePlan& plan) {
  const auto& first = *slices.front().frame;
  const double depth_mm = slices.back().depth_mm - slices.front().depth_mm;
  const auto sources = static_cast<std::int64_t>(slices.size());
  const auto steps = irregular.spacing ? std::min<std::int64_t>(2 * sources - 1, std::llround(depth_mm / closest_mm)) : sources - 1;
  std::vector<double> x(slices.size(), 0), y = x;
  if (irregular.tilt) {
    x = shifts_along(slices, across(first), plan.spacing_mm[0]);
    y = shifts_along(slices, down(first), plan.spacing_mm[1]);
  }
  const Room columns(x), rows(y);
  plan.grid = {steps + 1, slices.front().header->rows + rows.more, slices.front().header->columns + columns.more, {}};
  for (std::size_t i = 0; i < slices.size(); ++i)
    plan.grid->first_voxels.push_back({x[i], y[i], (slices[i].depth_mm - slices.front().depth_mm) / depth_mm * static_cast<double>(steps)});
  auto step = irregular.tilt ? normal : minus(*slices.back().frame->position_mm, *first.position_mm);
  for (auto& component : step) component *= (irregular.tilt ? depth_mm : 1) / static_cast<double>(steps);
  plan.affine = affine_of(first, step);
  for (std::size_t i = 0; i < 3; ++i)
    plan.affine[4 * i + 3] -=
        static_cast<double>(columns.before) * plan.affine[4 * i] + static_cast<double>(rows.before) * plan.affine[4 * i + 1];
  plan.spacing_mm[2] = length(step);
}

bool has_directions(const FrameHeader& frame) {
  if (!frame.orientation) return false;
  const bool unit = std::abs(length(across(frame)) - 1) < 0.01 && std::abs(length(down(frame)) - 1) < 0.01;
  return unit && std::abs(dot(across(frame), down(frame))) < 0.01;
}
}  // namespace

bool is_placed(const FrameHeader& frame) { return !unplaced_by(frame); }

std::optional<std::string> unplaced_by(const FrameHeader& frame) {
  std::vector<std::string> lacking;
  if (!frame.position_mm) lacking.emplace_back("ImagePositionPatient");
  if (!has_directions(frame)) lacking.emplace_back("ImageOrientationPatient");
  if (!is_sensible(frame.pixel_spacing_mm)) lacking.emplace_back("PixelSpacing");
  if (lacking.empty()) return {};
  return join(lacking, lacking.size() == 2 ? " and " : ", ") + (lacking.size() == 1 ? " is" : " are") + " missing or invalid";
}

std::optional<std::array<double, 2>> pixel_size_mm(const FrameHeader& frame) {
  if (is_sensible(frame.pixel_spacing_mm)) return frame.pixel_spacing_mm;
  if (!is_sensible(frame.detector.spacing_mm)) return std::nullopt;
  const double magnification = frame.detector.magnification.value_or(1);
  return std::array{(*frame.detector.spacing_mm)[0] / magnification, (*frame.detector.spacing_mm)[1] / magnification};
}

bool is_magnified(const FrameHeader& frame) {
  return !is_sensible(frame.pixel_spacing_mm) && is_sensible(frame.detector.spacing_mm) && !frame.detector.magnification;
}

std::optional<Error> why_unplaced(const InstanceHeader& header) {
  const auto count = std::max<std::int64_t>(1, header.number_of_frames);
  if (static_cast<std::int64_t>(header.frames.size()) != count)
    return Error(Reason::geometry_missing, "a multi-frame object has geometry for " + std::to_string(header.frames.size()) + " of " +
                                               std::to_string(count) + " frames");
  for (const auto& frame : header.frames)
    if (const auto lacking = unplaced_by(frame))
      return Error(Reason::geometry_missing, *lacking + " in instance " + header.sop_instance_uid);
  return {};
}

void add_frames(const InstanceHeader& header, std::size_t instance, std::vector<SliceRef>& frames) {
  for (std::int64_t frame = 0; frame < std::max<std::int64_t>(1, header.number_of_frames); ++frame) frames.push_back({instance, frame});
}

std::vector<SliceRef> slices_of(std::span<const InstanceHeader> series) {
  std::vector<SliceRef> slices;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (const auto why = why_unplaced(series[i])) throw *why;
    add_frames(series[i], i, slices);
  }
  return slices;
}

bool are_alike(std::span<const InstanceHeader> series, const SliceRef& a, const SliceRef& b) {
  return difference_of(slice_at(series, a), slice_at(series, b)) == nullptr;
}

VolumePlan plan_volume(std::span<const InstanceHeader> series, const Straightening& may) {
  return plan_volume(series, slices_of(series), may);
}

VolumePlan plan_volume(std::span<const InstanceHeader> series, const std::vector<SliceRef>& frames, const Straightening& may) {
  std::vector<Slice> slices;
  for (const auto& ref : frames) slices.push_back(slice_at(series, ref));
  if (slices.size() < 2)
    throw Error(Reason::geometry_few, "a volume needs at least 2 slices; here there is " + std::to_string(slices.size()));
  check_alike(slices);
  const auto& first = *slices.front().frame;
  auto normal = cross(across(first), down(first));
  const auto norm = length(normal);
  for (auto& component : normal) component /= norm;
  for (auto& slice : slices) slice.depth_mm = dot(*slice.frame->position_mm, normal);
  std::ranges::stable_sort(slices, {}, &Slice::depth_mm);
  const Steps steps(slices, normal);
  const auto irregular = steps.check(may);
  VolumePlan plan;
  for (const auto& slice : slices) plan.slices.push_back(slice.ref);
  auto step = minus(*slices.back().frame->position_mm, *slices.front().frame->position_mm);
  for (auto& component : step) component /= static_cast<double>(slices.size() - 1);
  plan.affine = affine_of(*slices.front().frame, step);
  const auto& [between_rows, between_columns] = *slices.front().frame->pixel_spacing_mm;
  plan.spacing_mm = {between_columns, between_rows, length(step)};
  if (irregular.spacing || irregular.tilt) add_grid(slices, normal, irregular, steps.smallest_mm(), plan);
  return plan;
}

VolumePlan plan_frame(const InstanceHeader& header, std::int64_t frame) {
  VolumePlan plan;
  plan.slices = {{0, frame}};
  plan.affine = ImageHeader{}.affine;
  plan.spacing_mm = {1, 1, 1};
  const auto index = std::min(static_cast<std::size_t>(frame), header.frames.empty() ? 0 : header.frames.size() - 1);
  const auto& own = header.frames.empty() ? FrameHeader{} : header.frames[index];
  const auto size_mm = pixel_size_mm(own);
  plan.has_spacing = size_mm.has_value();
  plan.is_placed = is_placed(own);
  if (size_mm) plan.spacing_mm = {(*size_mm)[1], (*size_mm)[0], 1};
  if (plan.is_placed)
    plan.affine = affine_of(own, cross(across(own), down(own)));
  else
    for (std::size_t axis = 0; axis < 3; ++axis) plan.affine[5 * axis] = plan.spacing_mm[axis];
  return plan;
}

}  // namespace aidp
