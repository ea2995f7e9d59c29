// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/dicom/header.hpp"

class DcmItem;

namespace aidp {

// Siemens' mosaic: an MR image of ImageType MOSAIC whose tiles are the slices of a volume, from left to right and from top to bottom in as
// many rows of tiles as there are tiles in a row. Read as nibabel (doc/source/dicom/dicom_mosaic.rst) and dcm2niix (nii_demosaic) do.

// Where the image is one, makes `header` that of its tiles: their Rows and Columns, and a frame for each with where it lies. Where that
// cannot be told, `header` stays that of the whole image and gets a mosaic_fault.
void unfold_mosaic(DcmItem& dataset, InstanceHeader& header);
// The header of the whole image, as it is stored, of that of its tiles.
InstanceHeader folded(const InstanceHeader& tiles);
// Copies tile `frame` (from 0) of an image of [row][column][sample] out of it. Throws Error(pixels_size) where there is no such tile.
void cut_tile(std::span<const std::byte> image, const InstanceHeader& tiles, std::int64_t frame, std::span<std::byte> out);

}  // namespace aidp
