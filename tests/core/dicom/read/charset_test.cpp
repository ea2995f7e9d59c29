// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/charset.hpp"

#include "tests/catch.hpp"

using namespace aidp;

namespace {
std::string read(const char* set, const char* text) { return CharacterSet(set).to_utf8(text); }
}  // namespace

// The bytes are PS3.5's examples (annexes H, I, J, K) and those that Python's codecs give.
TEST_CASE("text of each character set becomes UTF-8") {
  CHECK(read("ISO_IR 100", "M\xDC-17") == "MÜ-17");
  CHECK(read("ISO_IR 101", "\xA3\xF3") == "Łó");
  CHECK(read("ISO_IR 144", "\xB6-17") == "Ж-17");
  CHECK(read("ISO_IR 126", "\xC4\xE9") == "Δι");
  CHECK(read("ISO_IR 203", "\xBC\xA4") == "Œ€");
  CHECK(read("ISO_IR 13", "\xD4\xCF\xC0\xDE") == "ﾔﾏﾀﾞ");
  CHECK(read("ISO_IR 166", "\xB9\xD2") == "นา");
  CHECK(read("ISO_IR 192", "É-17") == "É-17");
  CHECK(read("GB18030", "\xD0\xA1") == "小");
  CHECK(read("GBK", "\x81\x5C") == "乗");  // the second byte is a backslash's
}

TEST_CASE("code extensions change halves of the table until a value or a part of a name ends") {
  CHECK(read("\\ISO 2022 IR 87", "\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B 17") == "山田^太郎 17");
  CHECK(read("ISO 2022 IR 13\\ISO 2022 IR 87", "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J") == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎");
  CHECK(read("\\ISO 2022 IR 149", "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7") == "Hong^Gildong=洪^吉洞");
  CHECK(read("\\ISO 2022 IR 58", "\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB") == "张^小东");
  CHECK(read("\\ISO 2022 IR 159", "\x1B$(D\x30\x21\x1B(B-1") == "丂-1");
  CHECK(read("ISO 2022 IR 6\\ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-AM\xDC\x1B-L\xB6\\\xB6") == "MÜЖ\\?");
}

TEST_CASE("a set is known however a writer spells it, and without one UTF-8 stays and the rest is Latin-1") {
  for (const auto* set : {"ISO-IR 100", "ISO IR 100", "ISO_IR_100", "iso_ir 100 ", "ISO 2022 IR 100", "ISO_IR 100\\ISO_IR 100"})
    CHECK(read(set, "\xD6") == "Ö");
  CHECK(read("UTF8", "Ö") == "Ö");
  for (const auto* set : {"", "ISO_IR 6", "what is this"}) {
    CHECK(read(set, "Ö") == "Ö");
    CHECK(read(set, "\xD6") == "Ö");
  }
  CHECK(read("ISO_IR 192", "a\xD6z") == "a?z");
}
