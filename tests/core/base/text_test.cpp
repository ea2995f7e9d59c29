// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/time.hpp"
#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("control, escape and bidirectional characters do not reach a terminal") {
  CHECK(printable("a\x1b[31mb\n") == "a?[31mb?");
  CHECK(printable("M\xC3\xBCller \xE2\x80\xAE") == "M\xC3\xBCller ?");
  CHECK(printable("\xFF") == "?");
  CHECK(printable("\xED\xA0\x80") == "???");  // a surrogate
}

TEST_CASE("nothing that hides or turns text is printable, and all that is seen is") {
  // One of each kind: C1, soft hyphen, Arabic letter mark, Hangul filler, zero width, line separator, bidi embedding and isolate, byte
  // order mark, interlinear annotation, variation selectors, tags, noncharacters.
  for (const std::string text :
       {"\u0085", "\u009B", "\u00AD",     "\u061C",     "\u180E",     "\u115F",     "\u200B",     "\u200D",     "\u2028",    "\u2029",
        "\u202A", "\u2060", "\u2066",     "\u2069",     "\u206F",     "\u3164",     "\uFE0F",     "\uFEFF",     "\uFFF9",    "\uFDD0",
        "\uFFFE", "\uFFFF", "\U0001D173", "\U000E0001", "\U000E0041", "\U000E007F", "\U000E0100", "\U0001FFFE", "\U0010FFFF"}) {
    INFO(text);
    CHECK(printable("a" + text + "b") == "a?b");
  }
  for (const std::string text :
       {"M\u00FCller", "\u5C71\u7530", "\u0394\u03BB", "\u05D0\u05D1", "\u0627\u0644", "\U0001F600", "\uFFFD", "\u3000"})
    CHECK(printable(text) == text);
}

TEST_CASE("a CSV field cannot become a formula") {
  CHECK(csv_field("=1+1") == "'=1+1");
  for (const std::string text : {"+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00A0\u3000=1", "\u200B=1", "\u202E\u2066-1+1",
                                 "\xFF=1", "\uFF1D1+1", "\uFF0B1", "\uFF0D1+1", "\uFF20SUM(A1)",
                                 "\uFE66"
                                 "1",
                                 "-inf", "-nan", "-1 2"}) {
    INFO(text);
    CHECK(csv_field(text).find("'" + text) <= 1);
  }
  for (const std::string text : {"-0.5", "-1e-07", "0", "M\u00FCller", "a=b", " a", "\u2212"}) CHECK(csv_field(text) == text);
  CHECK(csv_field("a,\"b\"") == "\"a,\"\"b\"\"\"");
}

TEST_CASE("a near word is suggested, a far one is not") {
  CHECK(nearest("modle", {"model", "run"}) == "model");
  CHECK_FALSE(nearest("xyzzy", {"model", "run"}));
}

TEST_CASE("sizes are read with their units") {
  CHECK(parse_bytes("2G") == std::uint64_t{2} << 30);
  CHECK(parse_bytes("512MiB") == std::uint64_t{512} << 20);
  CHECK_THROWS_AS(parse_bytes("-1"), Error);
  CHECK_THROWS_AS(parse_bytes("2 horses"), Error);
}

TEST_CASE("a duration is read with its units, and nothing else is one") {
  using namespace std::chrono_literals;
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("30m") == 30min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("1d12h") == 36h);
  CHECK(parse_duration("1d2h3m4s") == 24h + 2h + 3min + 4s);
  CHECK(parse_duration("0s") == 0s);
  for (const char* text : {"", "2", "h", "-1h", "1.5h", "2h1d", "1h1h", "1h ", "2 h", "1w", "99999999999999999999h", "367d", "\xFFh"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_duration(text), Error);
  }
}

TEST_CASE("JSON is read as far as it is not nested too deep, whatever its texts hold") {
  CHECK(parse_json(R"({"a": [1, "[[[[\"[[[[\\"]})", 2) == nlohmann::json{{"a", {1, "[[[[\"[[[[\\"}}});
  CHECK_FALSE(parse_json("[[[]]]", 2));
  CHECK_FALSE(parse_json("[1,"));
  CHECK_FALSE(parse_json(""));
  CHECK_FALSE(parse_json(std::string(10'000'000, '[')));
  CHECK_FALSE(parse_json(std::string(1'000'000, '[') + std::string(1'000'000, ']')));
  CHECK(parse_json("null")->is_null());
}
