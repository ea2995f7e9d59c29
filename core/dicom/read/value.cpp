// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/value.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

namespace {
DcmElement* element_of(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  return item.findAndGetElement(tag, element).good() && element && element->isLeaf() ? element : nullptr;
}
}  // namespace

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  if (item.findAndGetOFStringArray(tag, value).bad()) return {};
  return std::string(trim(std::string_view(value.c_str(), value.length())));
}

std::optional<double> decimal_in(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto number = number_in<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<double> number_at(DcmElement& element, unsigned long index) {
  if (element.ident() == EVR_FD || element.ident() == EVR_FL) {  // DCMTK gives neither as the other
    Float64 number = NAN;
    Float32 single = NAN;
    if (element.getFloat64(number, index).bad() && element.getFloat32(single, index).good()) number = single;
    return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
  }
  const bool whole = element.ident() == EVR_US || element.ident() == EVR_SS || element.ident() == EVR_UL || element.ident() == EVR_SL;
  if (!whole && !dynamic_cast<DcmByteString*>(&element)) return std::nullopt;  // of another the text would be hexadecimal
  OFString text;
  if (element.getOFString(text, index).bad()) return std::nullopt;
  return decimal_in({text.c_str(), text.length()});
}

std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag) {
  auto* element = element_of(item, tag);
  return element ? number_at(*element, 0) : std::nullopt;
}

std::optional<std::int64_t> whole_number_of(DcmItem& item, const DcmTagKey& tag, std::int64_t least, std::int64_t most) {
  const auto number = number_of(item, tag);
  const bool whole = number && *number == std::floor(*number);
  if (!whole || *number < static_cast<double>(least) || *number > static_cast<double>(most)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

template <std::size_t N>
std::optional<std::array<double, N>> numbers_of(DcmItem& item, const DcmTagKey& tag) {
  auto* element = element_of(item, tag);
  if (!element || element->getVM() != N) return std::nullopt;
  std::array<double, N> numbers;
  for (std::size_t i = 0; i < N; ++i) {
    const auto number = number_at(*element, static_cast<unsigned long>(i));
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  return numbers;
}
template std::optional<std::array<double, 1>> numbers_of(DcmItem&, const DcmTagKey&);
template std::optional<std::array<double, 2>> numbers_of(DcmItem&, const DcmTagKey&);
template std::optional<std::array<double, 3>> numbers_of(DcmItem&, const DcmTagKey&);
template std::optional<std::array<double, 6>> numbers_of(DcmItem&, const DcmTagKey&);

DcmItem* item_in(DcmItem& parent, const DcmTagKey& sequence, std::int64_t index) {
  DcmItem* item = nullptr;
  return parent.findAndGetSequenceItem(sequence, item, static_cast<long>(index)).good() ? item : nullptr;
}

}  // namespace aidp
