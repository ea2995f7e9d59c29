// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/age.hpp"

#include "core/dicom/header.hpp"
#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("an age is of whole years, of months below two years, of days in the first month") {
  CHECK(age_at("19690512", "20261101") == "057Y");
  CHECK(age_at("19691101", "20261101") == "057Y");
  CHECK(age_at("19691102", "20261101") == "056Y");
  CHECK(age_at("20000229", "20020228") == "023M");
  CHECK(age_at("20000229", "20020301") == "002Y");
  CHECK(age_at("20260115", "20260214") == "030D");
  CHECK(age_at("20260115", "20260215") == "001M");
  CHECK(age_at("20261101", "20261101") == "000D");
}

TEST_CASE("there is no age without two dates in their order") {
  for (const auto* birth : {"", "1969", "19691301", "19690230", "1969051X", "20261102"}) CHECK(age_at(birth, "20261101").empty());
  CHECK(age_at("19690512", "").empty());
}

TEST_CASE("an identifier is cut at 64 characters, not bytes") {
  CHECK(identifier_in(std::string(64, 'a')).size() == 64);
  CHECK(identifier_in(std::string(65, 'a')).size() == 64);
  std::string umlauts;
  for (int i = 0; i < 70; ++i) umlauts += "\xC3\xBC";
  CHECK(identifier_in(umlauts) == std::string_view(umlauts).substr(0, 128));
}
