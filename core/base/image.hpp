// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/packed_fields.hpp"
#include "core/base/pixel_type.hpp"

namespace aidp {

// Row-major 4x4; maps (column i, row j, slice k, 1) to mm in DICOM's patient system LPS (PS3.3 C.7.6.2.1.1).
using Affine = std::array<double, 16>;

// Which volumes are made even by resampling, instead of being refused.
struct Straightening {
  bool gantry_tilt = false;
  double largest_gap_mm = 0;  // between slices at uneven distances; 0: none are
};

// Slices that lie unevenly, or sheared by a tilted gantry, on an even grid at right angles that covers them: where the first voxel of each
// slice lies, in voxels of the grid along its columns, rows and slices; in the slices' order.
struct SliceGrid {
  std::int64_t slices = 0, rows = 0, columns = 0;
  std::vector<std::array<double, 3>> first_voxels;
  AIDP_PACKED(slices, rows, columns, first_voxels)
};

// How real values become the 0 to 1 that they are meant to be shown with (VOI, PS3.3 C.11.2): a window, or a table.
struct Voi {
  std::string function = "LINEAR";  // VOILUTFunction of the window: LINEAR, LINEAR_EXACT or SIGMOID
  double center = 0, width = 1;
  std::vector<float> table;  // 0 to 1; empty: the window
  double first = 0;          // the real value of the table's first entry
  bool operator==(const Voi&) const = default;
  AIDP_PACKED(function, center, width, table, first)
};

// What decoded stored values mean. The values lie elsewhere (a slab), C order [slice][row][column][sample], little-endian.
// This is what crosses from a DICOM worker to a model worker: half the bytes of float32, and no patient identity.
struct ImageHeader {
  PixelType type = PixelType::int16;
  std::int64_t slices = 1;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  int samples = 1;               // 1, or 3 for RGB
  std::vector<double> slope{1};  // per slice, or one for all: value = stored * slope + intercept (modality LUT)
  std::vector<double> intercept{0};
  std::vector<Voi> voi;                          // per slice, or one for all; empty: not asked for
  bool inverted = false;                         // MONOCHROME1: the largest value is black
  std::optional<std::array<double, 2>> padding;  // stored values in this closed range are no image (PixelPaddingValue)
  int bits_stored = 16;                          // significant bits of a stored value
  Affine affine{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  std::array<double, 3> spacing_mm{1, 1, 1};  // between columns (i), rows (j), slices (k)
  bool has_geometry = false;                  // whether the affine comes from the file
  bool has_spacing = false;                   // whether the spacing does, as of a radiograph, which has no affine
  std::optional<SliceGrid> grid;              // to be resampled to; affine and spacing are the grid's

  std::size_t bytes() const;  // of all stored values, before any resampling
  AIDP_PACKED(type, slices, rows, columns, samples, slope, intercept, voi, inverted, padding, bits_stored, affine, spacing_mm, has_geometry,
              has_spacing, grid)
};

}  // namespace aidp
