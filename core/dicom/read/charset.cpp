// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/charset.hpp"

#include <algorithm>
#include <array>

#include "core/base/from_charset.hpp"
#include "core/base/text.hpp"
#include "core/base/unicode.hpp"

namespace aidp {

namespace {
constexpr char escape = '\x1B';

// A set of PS3.3 C.12.1.1.2 by the number of its registration, with what escapes to it: the graphic characters that it replaces, of the
// lower or the upper half of the table, and how many bytes they have.
struct Set {
  std::string_view registration, sequence;  // without ESC
  const char* iconv;
  bool upper;
  int bytes = 1;
};
constexpr std::array sets{Set{"6", "(B", "ASCII", false},       Set{"14", "(J", "ASCII", false},  // of JIS X 0201, but for two signs
                          Set{"13", ")I", "SJIS", true},        Set{"100", "-A", "ISO-8859-1", true},  Set{"101", "-B", "ISO-8859-2", true},
                          Set{"109", "-C", "ISO-8859-3", true}, Set{"110", "-D", "ISO-8859-4", true},  Set{"144", "-L", "ISO-8859-5", true},
                          Set{"127", "-G", "ISO-8859-6", true}, Set{"126", "-F", "ISO-8859-7", true},  Set{"138", "-H", "ISO-8859-8", true},
                          Set{"148", "-M", "ISO-8859-9", true}, Set{"203", "-b", "ISO-8859-15", true}, Set{"166", "-T", "TIS-620", true},
                          Set{"87", "$B", "EUC-JP", false, 2},  Set{"159", "$(D", "EUC-JP", false, 2}, Set{"149", "$)C", "EUC-KR", true, 2},
                          Set{"58", "$)A", "GB2312", true, 2}};
constexpr std::array whole_sets{std::pair{"ISOIR192", "UTF-8"}, std::pair{"UTF8", "UTF-8"}, std::pair{"GB18030", "GB18030"},
                                std::pair{"GBK", "GBK"}};

// "ISO_IR 100", "ISO-IR 100" and "ISO IR100" are one.
std::string plain(std::string_view term) {
  std::string letters;
  for (const char c : lower(term))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) letters += static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  return letters;
}

const char* iconv_name(std::string_view term) {
  const auto name = plain(term);
  for (const auto& [term_of, iconv] : whole_sets)
    if (name == term_of) return iconv;
  for (const auto& set : sets)
    if (name == "ISOIR" + std::string(set.registration) || name == "ISO2022IR" + std::string(set.registration)) return set.iconv;
  return nullptr;
}

// ISO 2022: a lower and an upper half of the table, each of a set that a sequence puts there, until the value or a part of a name ends.
class Reader {
 public:
  // What no sequence has put into the upper half is taken for Latin-1, as pydicom does.
  explicit Reader(const char* first) : first_{"", "", first && std::string_view(first) != "ASCII" ? first : "ISO-8859-1", true} {}

  std::string read(std::string_view text) {
    begin();
    while (!text.empty()) {
      const auto taken = text.front() == escape ? switch_set(text.substr(1)) : take(text);
      text.remove_prefix(std::min(taken, text.size()));
    }
    return std::move(result_);
  }

 private:
  void begin() {
    lower_ = &sets.front();
    upper_ = &first_;
  }

  std::size_t switch_set(std::string_view sequence) {
    const auto* set = std::ranges::find_if(sets, [&](const auto& each) { return sequence.starts_with(each.sequence); });
    if (set == sets.end()) return 1;
    (set->upper ? upper_ : lower_) = set;
    return 1 + set->sequence.size();
  }

  // A run of one half.
  std::size_t take(std::string_view text) {
    const bool upper = is_upper(text.front());
    const auto& set = upper ? *upper_ : *lower_;
    std::size_t end = 0;
    while (end < text.size() && text[end] != escape && is_upper(text[end]) == upper) {
      const bool single = upper || set.bytes == 1 || text[end] <= ' ';
      if (single && std::string_view("\\^=\r\n\f\t").find(text[end]) != std::string_view::npos) return delimit(text, end, set);
      end += single ? 1 : 2;
    }
    end = std::min(end, text.size());
    add(text.substr(0, end), set);
    return end;
  }

  std::size_t delimit(std::string_view text, std::size_t end, const Set& set) {
    add(text.substr(0, end), set);
    result_ += text[end];
    begin();
    return end + 1;
  }

  // The lower half's characters of two bytes stand in EUC's upper half; JIS X 0212's behind a mark.
  void add(std::string_view text, const Set& set) {
    if (set.upper || set.bytes == 1) return static_cast<void>(result_ += from_charset(text, set.iconv));
    std::string euc;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
      if (set.registration == "159") euc += '\x8F';
      euc += {static_cast<char>(text[i] | '\x80'), static_cast<char>(text[i + 1] | '\x80')};
    }
    result_ += from_charset(euc, set.iconv);
  }

  static bool is_upper(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }

  Set first_;
  const Set *lower_ = nullptr, *upper_ = nullptr;
  std::string result_;
};
}  // namespace

CharacterSet::CharacterSet(std::string_view values) {
  const auto terms = split(values, '\\');
  first_ = iconv_name(trim(terms.front()));
  extended_ = terms.size() > 1 || plain(terms.front()).starts_with("ISO2022");
  const bool is_whole = std::ranges::any_of(whole_sets, [&](const auto& set) { return first_ && std::string_view(set.second) == first_; });
  if (is_whole) extended_ = false;
}

std::string CharacterSet::to_utf8(std::string_view text) const {
  if (std::ranges::all_of(text, [](char c) { return c > 0 && c < '\x7F' && c != escape; })) return std::string(text);
  if (extended_) return Reader(first_).read(text);
  if (first_ && std::string_view(first_) != "ASCII") return from_charset(text, first_);
  return is_utf8(text) ? std::string(text) : from_charset(text, "ISO-8859-1");
}

}  // namespace aidp
