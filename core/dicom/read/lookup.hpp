// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

class DcmItem;
class DcmTagKey;

namespace aidp {

// A table of a palette, a modality LUT or a VOI LUT (PS3.3 C.7.6.3.1.5, C.7.9.2, C.11.1.1, C.11.2.1.1): value to entry, which is unsigned.
struct LookupTable {
  std::int64_t first = 0;  // the value of the first entry
  int bits = 0;            // of an entry: 8 or 16
  std::vector<std::uint16_t> entries;

  std::uint16_t at(std::int64_t stored) const {
    return entries[static_cast<std::size_t>(std::clamp<std::int64_t>(stored - first, 0, static_cast<std::int64_t>(entries.size()) - 1))];
  }
};

// Bits of the entries, as the descriptor says; 0 if there is none.
int table_bits(DcmItem& item, const DcmTagKey& descriptor);
// LUTDescriptor and LUTData of a modality or VOI LUT's item. `signed_first`: whether the values to look up, and so the first of them, may
// be negative. Throws Error(dicom_attribute).
LookupTable read_lut(DcmItem& item, bool signed_first);
// Red, green, blue.
std::vector<LookupTable> read_palette(DcmItem& dataset, bool signed_first);

}  // namespace aidp
