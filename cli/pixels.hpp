// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace aidp {

// `aidp validate input --pixels`: decodes, and prints what anyone can compare with another decoder.
inline constexpr const char* pixels_details =
    "With --pixels no model is asked: every frame is decoded, and its transfer syntax, shape (rows, columns, and samples if several), "
    "type, least "
    "and largest value and pixel_sha256 are printed. That is the SHA-256 of the stored values: little-endian, row by row, the samples of a "
    "pixel "
    "together, 1-bit values as a byte each, sub-sampled colour made whole; without rescale, palette, modality LUT, inversion or conversion "
    "of "
    "colours, so that YBR stays YBR (pydicom: get_decoder(uid).as_array(file, raw=True)). Bits above HighBit are cleared and signs "
    "extended; what a lossy codec gives beyond BitsStored, unsigned, stays.\n\n"
    "With --format json each line is an object: one of type instance for each file (path, outcome; shape with the number of frames first; "
    "min, "
    "max and pixel_sha256 over all its frames; reason and message unless completed), then one of type frame for each frame. Exit status 3 "
    "says "
    "that some file was quarantined, 6 that none holds pixels.";
Exit print_pixels(const std::vector<std::string>& paths, int workers, const Globals& globals);

}  // namespace aidp
