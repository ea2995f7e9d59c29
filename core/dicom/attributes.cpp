// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/attributes.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "core/dicom/header.hpp"
#include "core/dicom/value.hpp"

namespace aidp {

namespace {
using nlohmann::json;

constexpr unsigned long values_at_most = 64;

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
    Float64 number = 0;
    if (numeric && element.getFloat64(number, i).good() && std::isfinite(number))
      values.push_back(number == std::floor(number) && std::abs(number) < 1e15 ? json(static_cast<std::int64_t>(number)) : json(number));
    else if (numeric && !trimmed.empty() && json::accept(trimmed) && json::parse(trimmed).is_number())
      values.push_back(json::parse(trimmed));
    else
      values.push_back(printable(trimmed));
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

class Reader {
 public:
  explicit Reader(DcmDataset& dataset) : dataset_(dataset) {
    OFString charset;
    dataset.findAndGetOFStringArray(DCM_SpecificCharacterSet, charset);
    convertible_ = !charset.empty() && charset != "ISO_IR 192" && converter_.selectCharacterSet(charset).good();
  }

  // Null where there is none.
  json read(const DcmTagKey& tag) {
    DcmElement* element = nullptr;
    if (dataset_.findAndGetElement(tag, element).good() && element)
      if (auto own = value(*element); !own.is_null()) return own;
    if (auto shared = of_group(DCM_SharedFunctionalGroupsSequence, 0, tag); !shared.is_null()) return shared;
    auto first = of_group(DCM_PerFrameFunctionalGroupsSequence, 0, tag);
    return first.is_null() ? first : of_all_frames(std::move(first), tag);
  }

 private:
  json value(DcmElement& element) {
    if (!element.isLeaf()) return nullptr;
    if (convertible_ && element.isAffectedBySpecificCharacterSet()) element.convertCharacterSet(converter_);
    auto value = value_of(element);
    return value == "" ? json() : value;
  }

  // Of the macros of one functional group.
  json of_group(const DcmTagKey& groups, std::int64_t index, const DcmTagKey& tag) {
    auto* group = item_in(dataset_, groups, index);
    for (unsigned long i = 0; group && i < group->card(); ++i) {
      auto* macro = dynamic_cast<DcmSequenceOfItems*>(group->getElement(i));
      DcmElement* element = nullptr;
      if (macro && macro->card() > 0 && macro->getItem(0)->findAndGetElement(tag, element).good() && element) return value(*element);
    }
    return nullptr;
  }

  json of_all_frames(json first, const DcmTagKey& tag) {
    auto different = json::array();
    const auto add = [&](const json& value) {
      const bool is_new = !value.is_null() && std::ranges::find(different, value) == different.end();
      if (is_new && different.size() < values_at_most) different.push_back(value);
    };
    const auto add_all = [&](const json& values) {
      if (!values.is_array()) return add(values);
      for (const auto& value : values) add(value);
    };
    bool same = true;
    DcmSequenceOfItems* frames = nullptr;
    dataset_.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, frames);
    for (unsigned long i = 0; i < frames->card(); ++i) {
      const auto own = of_group(DCM_PerFrameFunctionalGroupsSequence, static_cast<std::int64_t>(i), tag);
      same = same && own == first;
      add_all(own);
    }
    return same ? std::move(first) : different;
  }

  DcmDataset& dataset_;
  DcmSpecificCharacterSet converter_;
  bool convertible_ = false;
};
}  // namespace

nlohmann::json attributes_of(DcmDataset& dataset, const std::vector<std::string>& keywords) {
  auto attributes = json::object();
  std::set<std::string> wanted(surveillance_keywords().begin(), surveillance_keywords().end());
  wanted.insert(keywords.begin(), keywords.end());
  Reader reader(dataset);
  for (const auto& keyword : wanted)
    if (const auto tag = tag_named(keyword))
      if (auto value = reader.read(*tag); !value.is_null()) attributes[keyword] = std::move(value);
  return attributes;
}

}  // namespace aidp
