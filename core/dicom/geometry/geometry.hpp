// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/image.hpp"
#include "core/dicom/header.hpp"

namespace aidp {

// One slice of a volume: which file of the series, and which of its frames (0-based).
struct SliceRef {
  std::size_t instance = 0;
  std::int64_t frame = 0;
};

// A volume planned from headers alone: slices in order along the normal (row x column direction), and its geometry.
struct VolumePlan {
  std::vector<SliceRef> slices;
  Affine affine{};  // LPS, mm
  std::array<double, 3> spacing_mm{};
  bool is_placed = true, has_spacing = true;  // of a frame perhaps not: affine and spacing_mm are then of voxels of 1 mm at the origin
  std::optional<SliceGrid> grid;              // that the slices are to be resampled to; affine and spacing are its own
  std::optional<Error> refusal;               // of one among several volumes: these slices are none, for this reason
};

// Whether a frame says where it lies, in directions and distances that make sense.
bool is_placed(const FrameHeader& frame);
// Which attributes a frame without a place lacks, in words.
std::optional<std::string> unplaced_by(const FrameHeader& frame);
// Why an image is no part of any volume: a frame of it does not say where it lies. Nothing: each does.
std::optional<Error> why_unplaced(const InstanceHeader& header);
// Adds every frame of an image, the `instance`th of its series.
void add_frames(const InstanceHeader& header, std::size_t instance, std::vector<SliceRef>& frames);
// Every frame of a series. Throws Error(geometry_missing) where one does not say where it lies.
std::vector<SliceRef> slices_of(std::span<const InstanceHeader> series);

// Sorts a series by position. Spacing comes from positions, never from SliceThickness (PS3.3 C.7.6.2).
// Throws Error(geometry_*): missing position, mixed orientation, size or frame of reference, duplicate position,
// uneven spacing (> 1 %), gantry tilt, fewer than 2 slices. Never guesses. What `may` allows gets a grid instead: as close as the closest
// slices, but no more than twice as many, and as wide as the slices reach.
VolumePlan plan_volume(std::span<const InstanceHeader> series, const Straightening& may = {});
// As plan_volume(), of these frames of it.
VolumePlan plan_volume(std::span<const InstanceHeader> series, const std::vector<SliceRef>& frames, const Straightening& may = {});
// Whether two frames may lie in one volume: the same orientation, PixelSpacing, size and frame of reference.
bool are_alike(std::span<const InstanceHeader> series, const SliceRef& a, const SliceRef& b);

// How large the pixels of a frame are in the body, between rows and between columns: PixelSpacing, or ImagerPixelSpacing less the
// magnification that the file tells. Nothing where it says neither, or no sensible one.
std::optional<std::array<double, 2>> pixel_size_mm(const FrameHeader& frame);
// Whether that is the detector's, of which nothing says how much the body was magnified on it.
bool is_magnified(const FrameHeader& frame);

// The geometry of a single frame as a volume of one slice, as far as its header tells it.
VolumePlan plan_frame(const InstanceHeader& header, std::int64_t frame);

}  // namespace aidp
