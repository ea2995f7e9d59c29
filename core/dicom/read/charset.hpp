// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace aidp {

// A SpecificCharacterSet (PS3.3 C.12.1.1.2) with its code extensions (PS3.5 6.1.2.5), spelt as files spell it. DCMTK has not all of them.
class CharacterSet {
 public:
  // `values`: of the attribute, between backslashes; empty: ASCII.
  explicit CharacterSet(std::string_view values);
  // Text in UTF-8; what is no character of the set becomes '?'. Without a set, or with an unknown one, UTF-8 is left as it is and other
  // text taken for Latin-1.
  std::string to_utf8(std::string_view text) const;

 private:
  const char* first_ = nullptr;  // iconv's name of the first value's set; nullptr: ASCII, or unknown
  bool extended_ = false;        // escape sequences may change it
};

}  // namespace aidp
