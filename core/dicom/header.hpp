// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <msgpack.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file_state.hpp"

namespace aidp {

// Of a projection: how far apart a pixel's neighbours are where the rays meet the detector, and how much larger that is than in the body.
struct DetectorSpacing {
  std::optional<std::array<double, 2>> spacing_mm;  // ImagerPixelSpacing: between rows, between columns
  std::optional<double> magnification;              // EstimatedRadiographicMagnificationFactor
  MSGPACK_DEFINE_ARRAY(spacing_mm, magnification)
};

// Where one frame lies (Image Plane module, PS3.3 C.7.6.2; Enhanced: functional groups) and how its values are meant.
struct FrameHeader {
  std::optional<std::array<double, 3>> position_mm;       // ImagePositionPatient, LPS
  std::optional<std::array<double, 6>> orientation;       // ImageOrientationPatient
  std::optional<std::array<double, 2>> pixel_spacing_mm;  // between rows, between columns
  double slope = 1, intercept = 0;                        // RescaleSlope, RescaleIntercept; NaN: there, but invalid
  std::vector<std::string> telling;                       // the values of telling_keywords(), by their order; empty: absent
  DetectorSpacing detector{};
  MSGPACK_DEFINE_ARRAY(position_mm, orientation, pixel_spacing_mm, slope, intercept, telling, detector)
};

// What tells the volumes of a series apart, in the order in which it is looked at: ImageType, EchoTime, DiffusionBValue and the like.
const std::vector<std::string>& telling_keywords();
// What the frames of an enhanced object have in place of each.
const std::vector<std::string>& telling_keywords_of_frames();
// Which of them is which. Those before trigger_time are the same for all images of a volume; those from it on, but for acquisition_number,
// are times, which may differ from slice to slice.
namespace telling {
inline constexpr std::size_t image_type = 0, temporal_position = 4, convolution_kernel = 7, kvp = 8, slice_thickness = 9, stack_id = 10,
                             trigger_time = 11, acquisition_number = 12, acquisition_time = 15;
}

// Which UIDs a file does not say, so that what stands for them is made of where it lies (jobs/sources/made_uids).
struct MadeUids {
  bool study = false, series = false, instance = false;
  bool any() const { return study || series || instance; }
  bool operator==(const MadeUids&) const = default;
};

// What a DICOM worker reports of one file without its pixels. No DCMTK type.
struct InstanceHeader {
  std::string path;
  FileState state;  // when it was read
  std::string transfer_syntax_uid, sop_class_uid, sop_instance_uid, series_instance_uid, study_instance_uid, frame_of_reference_uid;
  MadeUids made;                                             // of the three UIDs above
  bool has_pixels = false;                                   // describes an image, if perhaps not wholly: some size may be 0
  std::int64_t rows = 0, columns = 0, number_of_frames = 1;  // 0: invalid
  int samples_per_pixel = 1, bits_allocated = 0, bits_stored = 16, high_bit = 15, pixel_representation = 0;
  int planar_configuration = -1;  // 0: by pixel, 1: by plane, -1: absent; others are invalid
  bool floating = false;          // FloatPixelData or DoubleFloatPixelData
  int palette_bits = 0;           // of the colours of PALETTE COLOR; 0: no palette
  int modality_lut_bits = 0;      // of the entries of ModalityLUTSequence; 0: none
  bool has_padding = false;       // PixelPaddingValue
  std::optional<std::int64_t> instance_number;
  std::string photometric_interpretation;
  // Of the image, or an enhanced object's first frame: YYYYMMDD, HHMMSS and perhaps a fraction; empty if absent or invalid.
  std::string acquisition_date, acquisition_time;
  // AccessionNumber and PatientID as identifier_in() cuts them: only between a worker and the index, which keys them and drops them.
  std::string accession_number, patient_id;
  std::string accession_pseudonym, patient_pseudonym;  // keyed (core/store/secret.hpp), to find by them what is not to be told
  std::vector<FrameHeader> frames;                     // one, or number_of_frames
  // Of a Siemens mosaic (core/dicom/read/mosaic.hpp), whose tiles are the frames here, with a tile's rows and columns: tiles in a row; 0:
  // none.
  std::int64_t tiles_across = 0;
  std::string mosaic_fault;   // why a mosaic cannot be told into its tiles, and so is no image; empty: it can, or is none
  nlohmann::json attributes;  // keyword to string, number or array: those asked for, and provenance_keywords(). See attributes_of()

  // All but path, state, UIDs and which are made, identifiers and attributes, which stand beside it in an index.
  MSGPACK_DEFINE_ARRAY(transfer_syntax_uid, sop_class_uid, frame_of_reference_uid, acquisition_date, acquisition_time, has_pixels, rows,
                       columns, number_of_frames, samples_per_pixel, bits_allocated, bits_stored, high_bit, pixel_representation,
                       planar_configuration, floating, palette_bits, modality_lut_bits, has_padding, instance_number,
                       photometric_interpretation, frames, tiles_across, mosaic_fault)
};

// In a series the first image has all of its attributes, another only those that differ from the first's: null there if it has none, and
// null itself if none differs. This gives all of image `i`.
nlohmann::json attributes_of(std::span<const InstanceHeader> series, std::size_t i);
// The attributes of another image as they are kept beside the first's.
nlohmann::json differing(nlohmann::json attributes, const nlohmann::json& first);

// Attributes that are kept of every series whatever a manifest asks for, as what a result remembers of its source: dates, descriptions, age
// and sex at the study, scanner, protocol. None says who the patient is; PatientAge is worked out from the dates if it is absent.
const std::vector<std::string>& provenance_keywords();

// As much of an identifier as is compared: 64 characters of UTF-8, the most that LO takes (PS3.5 6.2).
std::string_view identifier_in(std::string_view text);

}  // namespace aidp
