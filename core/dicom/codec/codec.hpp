// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/dicom/header.hpp"

class DcmDataset;

namespace aidp {

class DicomFile;

// Each codec decodes one frame into [row][column][sample] values of bits_allocated (8, 16 or 32), little-endian; `out` has exactly
// that size. Bits beyond BitsStored are put right afterwards. Throws Error(pixels_corrupt, pixels_size, pixels_unsupported).
void decode_rle(const std::string& encoded, const InstanceHeader& header, std::span<std::byte> out);        // PS3.5 annex G
void decode_jpeg_ls(const std::string& encoded, const InstanceHeader& header, std::span<std::byte> out);    // ISO 14495-1, CharLS
void decode_jpeg_2000(const std::string& encoded, const InstanceHeader& header, std::span<std::byte> out);  // ISO 15444-1 and -15, OpenJPEG
// ISO 10918-1 (baseline, extended, lossless) by DCMTK, which takes the dataset. `frame` counts from 0. Colour comes as RGB.
void decode_jpeg(DcmDataset& dataset, std::int64_t frame, const InstanceHeader& header, std::span<std::byte> out);
void decode_native(const DicomFile& file, std::int64_t frame, const InstanceHeader& header, bool big_endian, std::span<std::byte> out);

// The size that a codec found must be the header's. Throws Error(pixels_size).
void check_size(const char* codec, std::size_t columns, std::size_t rows, std::size_t samples, const InstanceHeader& header);

}  // namespace aidp
