// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/dicom/codec/syntax.hpp"
#include "core/dicom/header.hpp"

namespace aidp {

using Bytes = std::span<const std::byte>;
using Values = std::span<std::byte>;

// What three samples of a pixel are: what PhotometricInterpretation says, or what the codestream itself says or makes of them.
enum class Colour { as_header, rgb, ybr };

// Each codec decodes one frame into [row][column][sample] stored values of value_bytes(header), little-endian; `out` has exactly that size.
// JPEG 2000 and JPEG-LS say themselves how many bits a value has, which may be more than BitsStored, and leave none unused; of the others
// the bits beyond BitsStored are put right afterwards. No codec converts colours, but JPEG 2000, whose RGB is a part of the decoding.
// Throws Error(pixels_corrupt, pixels_size, pixels_unsupported).
Colour decode_rle(Bytes encoded, const InstanceHeader& header, Values out);      // PS3.5 annex G
Colour decode_jpeg(Bytes encoded, const InstanceHeader& header, Values out);     // ISO 10918-1: baseline, extended, lossless; IJG of DCMTK
Colour decode_jpeg_ls(Bytes encoded, const InstanceHeader& header, Values out);  // ISO 14495-1, CharLS
Colour decode_jpeg_2000(Bytes encoded, const InstanceHeader& header, Values out);       // ISO 15444-1 and -15, OpenJPEG
Colour decode_deflated_frame(Bytes encoded, const InstanceHeader& header, Values out);  // RFC 1951, zlib
// The same for a frame without compression, that begins at a bit of `values` (PS3.5 section 8).
void unpack_native(Bytes values, std::uint64_t first_bit, const InstanceHeader& header, Values out);

// What codecs share.
// The size that a codec found must be the header's. Throws Error(pixels_size).
void check_size(const char* codec, std::size_t columns, std::size_t rows, std::size_t samples, const InstanceHeader& header);
// Unsigned values of `from` bytes each to wider ones, or as they are. Throws Error(pixels_size) if they would not fit.
void put_wide(const char* codec, Bytes from, std::size_t from_bytes, std::size_t to_bytes, Values out);
// [sample][row][column] to [row][column][sample].
void by_pixel(Bytes planes, std::size_t samples, std::size_t value_bytes, Values out);

}  // namespace aidp
