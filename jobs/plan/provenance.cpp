// SPDX-License-Identifier: Apache-2.0
#include "jobs/plan/provenance.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t longest_text = 256;  // more than any of these attributes may have (PS3.5 6.2), several values together

// Single values as they are, several joined by a backslash as in DICOM; cut between characters of UTF-8.
std::string text_of(const nlohmann::json& value) {
  if (value.is_number()) return number(value.get<double>());
  if (value.is_string()) {
    auto text = value.get<std::string>();
    if (text.size() <= longest_text) return text;
    auto end = longest_text;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
  }
  if (!value.is_array()) return {};
  std::vector<std::string> parts;
  for (const auto& part : value)
    if (!part.is_structured()) parts.push_back(text_of(part));
  return text_of(join(parts, "\\"));
}

std::string attribute(const nlohmann::json& attributes, const char* keyword) {
  const auto found = attributes.find(keyword);
  return found == attributes.end() ? std::string() : text_of(*found);
}

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

std::string date_of(const std::string& text) {
  return text.size() == 8 && all_digits(text) ? text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6) : text;
}

// HHMMSS with or without a fraction.
std::string time_of(const std::string& text) {
  if (text.size() < 6 || !all_digits(text.substr(0, 6)) || (text.size() > 6 && text[6] != '.')) return text;
  return text.substr(0, 2) + ":" + text.substr(2, 2) + ":" + text.substr(4);
}

// An age string (PS3.5 6.2: 045Y, 018M, 006W, 003D) in years; empty if it is not one.
std::string years_of(const std::string& text) {
  if (text.size() != 4 || !all_digits(text.substr(0, 3))) return {};
  const double count = std::stod(text.substr(0, 3));
  switch (text[3]) {
    case 'Y':
      return number(count);
    case 'M':
      return fixed(count / 12, 3);
    case 'W':
      return fixed(count / 52.1775, 3);
    case 'D':
      return fixed(count / 365.2425, 3);
    default:
      return {};
  }
}

}  // namespace

Provenance provenance_of(const OpenSeries& series, std::size_t instance) {
  const auto& header = series.instances[instance];
  const auto attributes = attributes_of(series.instances, instance);
  const auto text = [&](const char* keyword) { return attribute(attributes, keyword); };
  Provenance provenance;
  provenance.study_date = date_of(text("StudyDate"));
  provenance.study_time = time_of(text("StudyTime"));
  provenance.series_description = text("SeriesDescription");
  provenance.modality = text("Modality");
  provenance.body_part = text("BodyPartExamined");
  provenance.view_position = text("ViewPosition");
  provenance.patient_age_years = years_of(text("PatientAge"));
  provenance.patient_sex = text("PatientSex");
  provenance.institution = text("InstitutionName");
  provenance.manufacturer = text("Manufacturer");
  provenance.scanner = text("ManufacturerModelName");
  provenance.station = text("StationName");
  provenance.software = text("SoftwareVersions");
  provenance.protocol = text("ProtocolName");
  provenance.kernel = text("ConvolutionKernel");
  provenance.kvp = text("KVP");
  provenance.slice_thickness_mm = text("SliceThickness");
  provenance.patient_pseudonym = header.patient_pseudonym;
  provenance.accession_pseudonym = header.accession_pseudonym;
  return provenance;
}

void set_origin(ItemRecord& record, const OpenSeries& series, const PlannedItem& item) {
  record.provenance = provenance_of(series, series.volumes.empty() ? item.part : series.volumes[item.part].slices.front().instance);
  bool is_first = true;
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t frame) {
    if (!std::exchange(is_first, false)) return;
    record.source_path = header.path;
    record.acquisition_date = date_of(header.acquisition_date);
    record.acquisition_time = time_of(header.acquisition_time);
    const auto at = std::min<std::size_t>(static_cast<std::size_t>(frame), header.frames.empty() ? 0 : header.frames.size() - 1);
    if (header.frames.empty() || !header.frames[at].position_mm) return;
    const auto& position = *header.frames[at].position_mm;
    record.image_position = number(position[0]) + "\\" + number(position[1]) + "\\" + number(position[2]);
  });
}

}  // namespace aidp
