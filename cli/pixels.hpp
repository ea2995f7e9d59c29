// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace aidp {

// `aidp validate input --pixels`: decodes, and prints what anyone can compare with another decoder.
inline constexpr const char* pixels_details =
    "With --pixels no model is needed: every frame is decoded, and its transfer syntax, shape (rows, columns, and samples if several), "
    "type, smallest and largest value and pixel_sha256 are printed. pixel_sha256 is the SHA-256 of the stored values: little-endian, row "
    "by row, the samples of a pixel together, 1-bit values as one byte each, subsampled colour upsampled; without rescale, palette, "
    "modality LUT, inversion or colour conversion, so YBR stays YBR (pydicom: get_decoder(uid).as_array(file, raw=True)). Bits above "
    "HighBit are cleared and signs extended, but JPEG 2000 and JPEG-LS use all bits that their codestream has; unsigned values that "
    "lossy JPEG gives beyond BitsStored are kept.\n\nWith --format json "
    "each line is an object: one of type instance for each file (path, outcome; shape, which begins with the number of frames; min, max "
    "and pixel_sha256 over all its frames; reason and message unless completed), then one of type frame for each frame. Exit status 3 "
    "means that some file was quarantined, 6 that none holds pixels.";
Exit print_pixels(const std::vector<std::string>& paths, int workers, const Globals& globals);

}  // namespace aidp
