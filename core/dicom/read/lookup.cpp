// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/lookup.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>
#include <cstring>
#include <optional>

#include "core/base/error.hpp"

namespace aidp {

namespace {
constexpr std::size_t entries_at_most = 65536;

[[noreturn]] void invalid(const DcmTagKey& tag, const std::string& what) {
  throw Error(Reason::dicom_attribute, std::string(DcmTag(tag).getTagName()) + " " + what);
}

// The 16-bit words of an element, whatever kind its writer took for it: US, SS, OW, OB or UN.
std::vector<std::uint16_t> words_of(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || !element || element->getLength() == 0) return {};
  Uint16* words = nullptr;
  Sint16* negative = nullptr;
  Uint8* octets = nullptr;
  const void* bytes = nullptr;
  if (element->getUint16Array(words).good())
    bytes = words;
  else if (element->getSint16Array(negative).good())
    bytes = negative;
  else if (element->getUint8Array(octets).good())
    bytes = octets;
  std::vector<std::uint16_t> values(bytes ? (static_cast<std::size_t>(element->getLength()) + 1) / 2 : 0);
  if (bytes) std::memcpy(values.data(), bytes, static_cast<std::size_t>(element->getLength()));
  return values;
}

std::vector<std::uint16_t> bytes_apart(const std::vector<std::uint16_t>& words) {
  std::vector<std::uint16_t> bytes;
  bytes.reserve(2 * words.size());
  for (const auto word : words) bytes.insert(bytes.end(), {static_cast<std::uint16_t>(word & 0xFF), static_cast<std::uint16_t>(word >> 8)});
  return bytes;
}

struct Descriptor {
  std::size_t count;
  std::int64_t first;
  int bits;
};

Descriptor descriptor_of(DcmItem& item, const DcmTagKey& tag, bool signed_first) {
  const auto words = words_of(item, tag);
  if (words.size() < 3) invalid(tag, "does not have three values");
  const int bits = words[2];
  if (bits < 8 || bits > 16) invalid(tag, "declares entries of " + std::to_string(bits) + " bits; 8 to 16 are allowed");
  return {words[0] == 0 ? entries_at_most : words[0], signed_first ? static_cast<std::int16_t>(words[1]) : std::int64_t{words[1]}, bits};
}

// Discrete, linear and indirect segments (PS3.3 C.7.9.2) to entries.
class Segments {
 public:
  Segments(const std::vector<std::uint16_t>& words, const DcmTagKey& tag) : words_(words), tag_(tag) {}

  std::vector<std::uint16_t> expand() && {
    for (std::size_t at = 0; at + 1 < words_.size();) at = one(at, true);
    return std::move(entries_);
  }

 private:
  std::uint16_t word(std::size_t at) const {
    if (at >= words_.size()) invalid(tag_, "ends within a segment");
    return words_[at];
  }

  // The place behind the segment. An indirect one repeats earlier segments, none of them indirect.
  std::size_t one(std::size_t at, bool may_repeat) {
    const std::size_t length = word(at + 1);
    switch (word(at)) {
      case 0:
        for (std::size_t i = 0; i < length; ++i) add(word(at + 2 + i));
        return at + 2 + length;
      case 1:
        line(length, word(at + 2));
        return at + 3;
      case 2: {
        if (!may_repeat) invalid(tag_, "has an indirect segment within another");
        std::size_t place = word(at + 2) | static_cast<std::size_t>(word(at + 3)) << 16;
        for (std::size_t i = 0; i < length; ++i) place = one(place, false);
        return at + 4;
      }
      default:
        invalid(tag_, "has a segment of the unknown kind " + std::to_string(word(at)));
    }
  }

  void line(std::size_t length, double end) {
    if (entries_.empty()) invalid(tag_, "begins with a linear segment");
    const double begin = entries_.back(), step = (end - begin) / static_cast<double>(std::max<std::size_t>(length, 1));
    for (std::size_t i = 1; i <= length; ++i) add(static_cast<std::uint16_t>(std::nearbyint(begin + step * static_cast<double>(i))));
  }

  void add(std::uint16_t value) {
    if (entries_.size() == entries_at_most) invalid(tag_, "gives more than 65536 entries");
    entries_.push_back(value);
  }

  const std::vector<std::uint16_t>& words_;
  const DcmTagKey& tag_;
  std::vector<std::uint16_t> entries_;
};

// Entries of 8 bits lie two in a word, or one where their writer did not pack them.
LookupTable read_table(DcmItem& item, const DcmTagKey& descriptor_tag, const DcmTagKey& data, const DcmTagKey* segmented,
                       bool signed_first) {
  const auto descriptor = descriptor_of(item, descriptor_tag, signed_first);
  LookupTable table{descriptor.first, descriptor.bits, words_of(item, data)};
  if (table.entries.empty() && segmented) {
    const auto words = words_of(item, *segmented);
    table.entries = Segments(descriptor.bits == 8 ? bytes_apart(words) : words, *segmented).expand();
  } else if (table.bits == 8 && table.entries.size() < descriptor.count) {
    table.entries = bytes_apart(table.entries);
  }
  if (table.entries.size() < descriptor.count)
    invalid(descriptor_tag,
            "declares " + std::to_string(descriptor.count) + " entries, but there are " + std::to_string(table.entries.size()));
  table.entries.resize(descriptor.count);
  return table;
}
}  // namespace

int table_bits(DcmItem& item, const DcmTagKey& descriptor) {
  const auto words = words_of(item, descriptor);
  return words.size() < 3 ? 0 : words[2];
}

LookupTable read_lut(DcmItem& item, bool signed_first) { return read_table(item, DCM_LUTDescriptor, DCM_LUTData, nullptr, signed_first); }

std::vector<LookupTable> read_palette(DcmItem& dataset, bool signed_first) {
  const auto colour = [&](const DcmTagKey& descriptor, const DcmTagKey& data, const DcmTagKey& segmented) {
    return read_table(dataset, descriptor, data, &segmented, signed_first);
  };
  return {
      colour(DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData, DCM_SegmentedRedPaletteColorLookupTableData),
      colour(DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData,
             DCM_SegmentedGreenPaletteColorLookupTableData),
      colour(DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData, DCM_SegmentedBluePaletteColorLookupTableData)};
}

}  // namespace aidp
