// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

class DcmItem;
class DcmTagKey;

namespace aidp {

// All values of an attribute as one text, between backslashes and trimmed; empty where there is none.
std::string text_of(DcmItem& item, const DcmTagKey& tag);
// Its first value; nothing where it is no finite number.
std::optional<double> number_of(DcmItem& item, const DcmTagKey& tag);

}  // namespace aidp
