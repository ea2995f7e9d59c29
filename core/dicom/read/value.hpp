// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

class DcmElement;
class DcmItem;
class DcmTagKey;

namespace aidp {

// All values of an attribute as one text, between backslashes and trimmed; empty where there is none.
std::string text_of(DcmItem& item, const DcmTagKey& tag);

// Numbers are read whole or not at all: DCMTK reads "1,52" as 1 and "1 .5" as 1. Nothing where a value is no finite number, or more.

// That a decimal or an integer string says (PS3.5 6.2, DS and IS): spaces around it, perhaps a plus sign.
std::optional<double> decimal_in(std::string_view text);
// A value of an element of any numeric VR, or of text; `index` from 0.
std::optional<double> number_at(DcmElement& element, unsigned long index);
// The first value of an attribute.
std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag);
// The same, where it is a whole number within these bounds.
std::optional<std::int64_t> whole_number_of(DcmItem& item, const DcmTagKey& tag, std::int64_t least, std::int64_t most);
// The values of an attribute that must have N of them.
template <std::size_t N>
std::optional<std::array<double, N>> numbers_of(DcmItem& item, const DcmTagKey& tag);

// An item of a sequence, `index` from 0; nullptr where there is none.
DcmItem* item_in(DcmItem& parent, const DcmTagKey& sequence, std::int64_t index = 0);

}  // namespace aidp
