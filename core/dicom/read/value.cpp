// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/value.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  if (item.findAndGetOFStringArray(tag, value).bad()) return {};
  return std::string(trim(std::string_view(value.c_str(), value.length())));
}

std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag) {
  Float64 value = 0;
  if (item.findAndGetFloat64(tag, value).bad() || !std::isfinite(value)) return std::nullopt;
  return value;
}

DcmItem* item_in(DcmItem& parent, const DcmTagKey& sequence, std::int64_t index) {
  DcmItem* item = nullptr;
  return parent.findAndGetSequenceItem(sequence, item, static_cast<long>(index)).good() ? item : nullptr;
}

}  // namespace aidp
