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
    frames.push_back({optional_json(f.position_mm), optional_json(f.orientation), optional_json(f.pixel_spacing_mm), f.slope, f.intercept});
  json = {{"path", h.path},
          {"transfer_syntax_uid", h.transfer_syntax_uid},
          {"sop_class_uid", h.sop_class_uid},
          {"sop_instance_uid", h.sop_instance_uid},
          {"series_instance_uid", h.series_instance_uid},
          {"study_instance_uid", h.study_instance_uid},
          {"frame_of_reference_uid", h.frame_of_reference_uid},
          {"file_bytes", h.file_bytes},
          {"has_pixels", h.has_pixels},
          {"shape", {h.rows, h.columns, h.number_of_frames, h.samples_per_pixel}},
          {"bits", {h.bits_allocated, h.bits_stored, h.high_bit, h.pixel_representation}},
          {"planar", h.planar},
          {"floating", h.floating},
          {"tables", {h.palette_bits, h.modality_lut_bits}},
          {"has_padding", h.has_padding},
          {"photometric_interpretation", h.photometric_interpretation},
          {"frames", std::move(frames)},
          {"attributes", h.attributes}};
}

void from_json(const nlohmann::json& json, InstanceHeader& h) {
  json.at("path").get_to(h.path);
  json.at("transfer_syntax_uid").get_to(h.transfer_syntax_uid);
  json.at("sop_class_uid").get_to(h.sop_class_uid);
  json.at("sop_instance_uid").get_to(h.sop_instance_uid);
  json.at("series_instance_uid").get_to(h.series_instance_uid);
  json.at("study_instance_uid").get_to(h.study_instance_uid);
  json.at("frame_of_reference_uid").get_to(h.frame_of_reference_uid);
  json.at("file_bytes").get_to(h.file_bytes);
  json.at("has_pixels").get_to(h.has_pixels);
  const auto& shape = json.at("shape");
  shape.at(0).get_to(h.rows);
  shape.at(1).get_to(h.columns);
  shape.at(2).get_to(h.number_of_frames);
  shape.at(3).get_to(h.samples_per_pixel);
  const auto& bits = json.at("bits");
  bits.at(0).get_to(h.bits_allocated);
  bits.at(1).get_to(h.bits_stored);
  bits.at(2).get_to(h.high_bit);
  bits.at(3).get_to(h.pixel_representation);
  json.at("planar").get_to(h.planar);
  json.at("floating").get_to(h.floating);
  json.at("tables").at(0).get_to(h.palette_bits);
  json.at("tables").at(1).get_to(h.modality_lut_bits);
  json.at("has_padding").get_to(h.has_padding);
  json.at("photometric_interpretation").get_to(h.photometric_interpretation);
  for (const auto& frame : json.at("frames")) {
    FrameHeader f;
    optional_from(frame.at(0), f.position_mm);
    optional_from(frame.at(1), f.orientation);
    optional_from(frame.at(2), f.pixel_spacing_mm);
    frame.at(3).get_to(f.slope);
    frame.at(4).get_to(f.intercept);
    h.frames.push_back(f);
  }
  h.attributes = json.at("attributes");
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
