// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/header.hpp"

namespace aidp {

const std::vector<std::string>& telling_keywords() {
  static const std::vector<std::string> keywords{
      "ImageType",   "EchoTime",          "DiffusionBValue", "DiffusionGradientOrientation", "TemporalPositionIdentifier", "InversionTime",
      "TriggerTime", "AcquisitionNumber", "AcquisitionTime"};
  return keywords;
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
