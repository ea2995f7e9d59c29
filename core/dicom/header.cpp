// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/header.hpp"

namespace aidp {

namespace {
template <class T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

template <class T>
void optional_from(const nlohmann::json& value, std::optional<T>& target) {
  if (!value.is_null()) target = value.get<T>();
}
}  // namespace

void to_json(nlohmann::json& json, const InstanceHeader& h) {
  auto frames = nlohmann::json::array();
  for (const auto& f : h.frames)
    frames.push_back(
        {optional_json(f.position_mm), optional_json(f.orientation), optional_json(f.pixel_spacing_mm), f.slope, f.intercept, f.telling});
  json = {h.path,
          h.transfer_syntax_uid,
          h.sop_class_uid,
          h.sop_instance_uid,
          h.series_instance_uid,
          h.study_instance_uid,
          h.frame_of_reference_uid,
          h.file_bytes,
          h.has_pixels,
          h.rows,
          h.columns,
          h.number_of_frames,
          h.samples_per_pixel,
          h.bits_allocated,
          h.bits_stored,
          h.high_bit,
          h.pixel_representation,
          h.planar,
          h.floating,
          h.palette_bits,
          h.modality_lut_bits,
          h.has_padding,
          h.photometric_interpretation,
          std::move(frames),
          h.tiles_across,
          h.mosaic_fault,
          h.attributes};
}

void from_json(const nlohmann::json& json, InstanceHeader& h) {
  auto next = json.begin();
  const auto get = [&](auto& value) { (next++)->get_to(value); };
  get(h.path);
  get(h.transfer_syntax_uid);
  get(h.sop_class_uid);
  get(h.sop_instance_uid);
  get(h.series_instance_uid);
  get(h.study_instance_uid);
  get(h.frame_of_reference_uid);
  get(h.file_bytes);
  get(h.has_pixels);
  get(h.rows);
  get(h.columns);
  get(h.number_of_frames);
  get(h.samples_per_pixel);
  get(h.bits_allocated);
  get(h.bits_stored);
  get(h.high_bit);
  get(h.pixel_representation);
  get(h.planar);
  get(h.floating);
  get(h.palette_bits);
  get(h.modality_lut_bits);
  get(h.has_padding);
  get(h.photometric_interpretation);
  for (const auto& frame : *next++) {
    FrameHeader f;
    optional_from(frame.at(0), f.position_mm);
    optional_from(frame.at(1), f.orientation);
    optional_from(frame.at(2), f.pixel_spacing_mm);
    frame.at(3).get_to(f.slope);
    frame.at(4).get_to(f.intercept);
    frame.at(5).get_to(f.telling);
    h.frames.push_back(f);
  }
  get(h.tiles_across);
  get(h.mosaic_fault);
  h.attributes = *next;
}

const std::vector<std::string>& telling_keywords() {
  static const std::vector<std::string> keywords{
      "ImageType",     "EchoTime",          "DiffusionBValue", "DiffusionGradientOrientation", "TemporalPositionIdentifier", "TriggerTime",
      "InversionTime", "AcquisitionNumber", "AcquisitionTime"};
  return keywords;
}

const std::vector<std::string>& surveillance_keywords() {
  static const std::vector<std::string> keywords{"Modality",
                                                 "Manufacturer",
                                                 "ManufacturerModelName",
                                                 "StationName",
                                                 "InstitutionName",
                                                 "SoftwareVersions",
                                                 "StudyDate",
                                                 "AcquisitionDateTime",
                                                 "BodyPartExamined",
                                                 "SliceThickness",
                                                 "ConvolutionKernel",
                                                 "KVP",
                                                 "Rows",
                                                 "Columns"};
  return keywords;
}

}  // namespace aidp
