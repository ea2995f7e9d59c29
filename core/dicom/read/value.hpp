// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

class DcmItem;
class DcmTagKey;

namespace aidp {

// All values of an attribute as one text, between backslashes and trimmed; empty where there is none.
std::string text_of(DcmItem& item, const DcmTagKey& tag);
// Its first value; nothing where it is no finite number.
std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag);
// An item of a sequence, `index` from 0; nullptr where there is none.
DcmItem* item_in(DcmItem& parent, const DcmTagKey& sequence, std::int64_t index = 0);

}  // namespace aidp
