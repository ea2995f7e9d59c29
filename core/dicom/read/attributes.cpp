// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/attributes.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "core/dicom/header.hpp"
#include "core/dicom/read/age.hpp"
#include "core/dicom/read/charset.hpp"
#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
using nlohmann::json;

constexpr unsigned long values_at_most = 64;
constexpr std::size_t text_bytes_at_most = 1024;

// Between two characters of UTF-8.
std::string cut(std::string text) {
  if (text.size() <= text_bytes_at_most) return text;
  auto end = text_bytes_at_most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

json value_of(DcmElement& element) {
  auto values = json::array();
  const bool numeric = [&] {
    switch (element.ident()) {
      case EVR_US:
      case EVR_SS:
      case EVR_UL:
      case EVR_SL:
      case EVR_FL:
      case EVR_FD:
      case EVR_DS:
      case EVR_IS:
        return true;
      default:
        return false;
    }
  }();
  for (unsigned long i = 0; i < std::min(element.getVM(), values_at_most); ++i) {
    OFString text;
    if (element.getOFString(text, i).bad()) break;
    const auto trimmed = std::string(trim(std::string_view(text.c_str(), text.length())));
    const auto number = numeric ? number_at(element, i) : std::nullopt;
    if (!number)
      values.push_back(cut(printable(trimmed)));
    else if (*number == std::floor(*number) && std::abs(*number) < 1e15)
      values.push_back(static_cast<std::int64_t>(*number));
    else
      values.push_back(*number);
  }
  if (values.empty()) return nullptr;
  return values.size() == 1 ? values[0] : values;
}

// The tag of a keyword of the data dictionary. DCMTK finds it by a walk through the whole dictionary, so what it found is kept.
std::optional<DcmTagKey> tag_named(const std::string& keyword) {
  static std::map<std::string, std::optional<DcmTagKey>> known;
  const auto [entry, is_new] = known.try_emplace(keyword);
  if (!is_new) return entry->second;
  DcmTag tag;
  for (const auto& name : {keyword, "RETIRED_" + keyword})  // as DCMTK has what the standard no longer keeps
    if (!entry->second && DcmTag::findTagFromName(name.c_str(), tag).good()) entry->second = tag;
  return entry->second;
}

// As it is written, its first value perhaps empty.
CharacterSet charset_of(DcmDataset& dataset) {
  OFString values;
  dataset.findAndGetOFStringArray(DCM_SpecificCharacterSet, values);
  return CharacterSet({values.c_str(), values.length()});
}

class Reader {
 public:
  explicit Reader(DcmDataset& dataset)
      : dataset_(dataset),
        shared_(in_groups(DCM_SharedFunctionalGroupsSequence)),
        per_frame_(in_groups(DCM_PerFrameFunctionalGroupsSequence)),
        charset_(charset_of(dataset)) {}

  // Null where there is none.
  json read(const DcmTagKey& tag) {
    DcmElement* element = nullptr;
    if (dataset_.findAndGetElement(tag, element).good() && element && element->isLeaf())
      if (auto own = value(*element); !own.is_null()) return own;
    for (auto* groups : {&shared_, &per_frame_})
      if (const auto found = groups->find(tag); found != groups->end())
        if (auto values = value_of_all(found->second); !values.is_null()) return values;
    return nullptr;
  }

  std::string identifier(const DcmTagKey& tag) {
    DcmElement* element = nullptr;
    if (dataset_.findAndGetElement(tag, element).bad() || !element || !element->isLeaf()) return {};
    convert(*element);
    return std::string(identifier_in(printable(text_of(dataset_, tag))));
  }

 private:
  using Elements = std::map<DcmTagKey, std::vector<DcmElement*>>;

  json value(DcmElement& element) {
    convert(element);
    auto value = value_of(element);
    return value == "" ? json() : value;
  }

  void convert(DcmElement& element) {
    OFString text;
    if (!element.isAffectedBySpecificCharacterSet() || element.getOFStringArray(text, OFFalse).bad()) return;
    const std::string_view written(text.c_str(), text.length());
    if (const auto converted = charset_.to_utf8(written); converted != written)
      element.putOFStringArray({converted.data(), converted.size()});
  }

  // Of the macros of each functional group.
  Elements in_groups(const DcmTagKey& sequence) {
    Elements elements;
    DcmSequenceOfItems* groups = nullptr;
    if (dataset_.findAndGetSequence(sequence, groups).bad() || !groups) return elements;
    for (auto* group = groups->nextInContainer(nullptr); group; group = groups->nextInContainer(group))
      for (auto* macro = group->nextInContainer(nullptr); macro; macro = group->nextInContainer(macro)) {
        auto* item = macro->nextInContainer(nullptr);  // a sequence's first
        for (auto* leaf = item ? item->nextInContainer(nullptr) : nullptr; leaf; leaf = item->nextInContainer(leaf))
          if (auto* element = dynamic_cast<DcmElement*>(leaf); element && element->isLeaf()) elements[element->getTag()].push_back(element);
      }
    return elements;
  }

  // The value that all have, or all values that there are.
  json value_of_all(const std::vector<DcmElement*>& elements) {
    std::vector<json> values;
    for (auto* element : elements) values.push_back(value(*element));
    if (std::ranges::adjacent_find(values, std::not_equal_to<>()) == values.end()) return values.front();
    auto different = json::array();
    for (const auto& own : values)
      for (const auto& single : own) {  // of an array each, of nothing none, else itself
        const bool is_new = std::ranges::find(different, single) == different.end();
        if (is_new && different.size() < values_at_most) different.push_back(single);
      }
    return different;
  }

  DcmDataset& dataset_;
  Elements shared_, per_frame_;
  CharacterSet charset_;
};
}  // namespace

void read_attributes(DcmDataset& dataset, const std::vector<std::string>& keywords, InstanceHeader& header) {
  header.attributes = json::object();
  std::set<std::string> wanted(provenance_keywords().begin(), provenance_keywords().end());
  wanted.insert(keywords.begin(), keywords.end());
  Reader reader(dataset);
  for (const auto& keyword : wanted)
    if (const auto tag = tag_named(keyword))
      if (auto value = reader.read(*tag); !value.is_null()) header.attributes[keyword] = std::move(value);
  header.accession_number = reader.identifier(DCM_AccessionNumber);
  header.patient_id = reader.identifier(DCM_PatientID);
  if (header.attributes.contains("PatientAge")) return;
  if (const auto age = age_at(text_of(dataset, DCM_PatientBirthDate), text_of(dataset, DCM_StudyDate)); !age.empty())
    header.attributes["PatientAge"] = age;
}

}  // namespace aidp
