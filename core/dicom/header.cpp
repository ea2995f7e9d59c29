// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/header.hpp"

namespace aidp {

const std::vector<std::string>& telling_keywords() {
  static const std::vector<std::string> keywords{"ImageType",
                                                 "EchoTime",
                                                 "DiffusionBValue",
                                                 "DiffusionGradientOrientation",
                                                 "TemporalPositionIdentifier",
                                                 "InversionTime",
                                                 "FlipAngle",
                                                 "ConvolutionKernel",
                                                 "KVP",
                                                 "SliceThickness",
                                                 "StackID",
                                                 "TriggerTime",
                                                 "AcquisitionNumber",
                                                 "FrameReferenceTime",
                                                 "RepetitionTime",
                                                 "AcquisitionTime",
                                                 "ContentTime"};
  return keywords;
}

const std::vector<std::string>& telling_keywords_of_frames() {
  static const std::vector<std::string> keywords{"FrameType",
                                                 "EffectiveEchoTime",
                                                 "DiffusionBValue",
                                                 "DiffusionGradientOrientation",
                                                 "TemporalPositionIndex",
                                                 "InversionTimes",
                                                 "FlipAngle",
                                                 "ConvolutionKernel",
                                                 "KVP",
                                                 "SliceThickness",
                                                 "StackID",
                                                 "NominalCardiacTriggerDelayTime",
                                                 "FrameAcquisitionNumber",
                                                 "FrameReferenceDateTime",
                                                 "RepetitionTime",
                                                 "FrameAcquisitionDateTime",
                                                 "ContentTime"};
  return keywords;
}

nlohmann::json attributes_of(std::span<const InstanceHeader> series, std::size_t i) {
  auto attributes = series.front().attributes;
  if (i > 0 && series[i].attributes.is_object()) attributes.merge_patch(series[i].attributes);
  return attributes;
}

nlohmann::json differing(nlohmann::json attributes, const nlohmann::json& first) {
  for (const auto& [keyword, value] : first.items()) {
    const auto own = attributes.find(keyword);
    if (own == attributes.end())
      attributes[keyword] = nullptr;
    else if (*own == value)
      attributes.erase(own);
  }
  return attributes.empty() ? nlohmann::json() : attributes;
}

const std::vector<std::string>& provenance_keywords() {
  static const std::vector<std::string> keywords{"Modality",
                                                 "StudyDate",
                                                 "StudyTime",
                                                 "AcquisitionDateTime",
                                                 "SeriesDescription",
                                                 "ProtocolName",
                                                 "BodyPartExamined",
                                                 "ViewPosition",
                                                 "PatientAge",
                                                 "PatientSex",
                                                 "InstitutionName",
                                                 "Manufacturer",
                                                 "ManufacturerModelName",
                                                 "StationName",
                                                 "SoftwareVersions",
                                                 "ConvolutionKernel",
                                                 "KVP",
                                                 "SliceThickness",
                                                 "Rows",
                                                 "Columns"};
  return keywords;
}

std::string_view identifier_in(std::string_view text) {
  constexpr int characters_at_most = 64;
  int characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && ++characters > characters_at_most) return text.substr(0, i);
  return text;
}

}  // namespace aidp
