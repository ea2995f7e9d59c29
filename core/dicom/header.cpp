// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/header.hpp"

namespace aidp {

const std::vector<std::string>& telling_keywords() {
  static const std::vector<std::string> keywords{
      "ImageType",   "EchoTime",          "DiffusionBValue", "DiffusionGradientOrientation", "TemporalPositionIdentifier", "InversionTime",
      "TriggerTime", "AcquisitionNumber", "AcquisitionTime"};
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
