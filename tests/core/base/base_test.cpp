// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "core/base/counted.hpp"
#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/pixel_type.hpp"
#include "core/base/publish.hpp"
#include "core/base/saturating.hpp"
#include "core/base/time.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

TEST_CASE("numbers of things are in English") {
  CHECK(counted(1, "file") == "1 file");
  CHECK(counted(0, "file") == "0 files");
  CHECK(counted(1, "series") + ", " + counted(2, "series") == "1 series, 2 series");
  CHECK(counted(2, "leaf", "leaves") == "2 leaves");
}

TEST_CASE("the type for two holds every value of both") {
  using enum PixelType;
  CHECK(type_for(int16, int16) == int16);
  CHECK(type_for(uint8, int8) == int16);
  CHECK(type_for(uint8, uint16) == uint16);
  CHECK(type_for(uint16, int16) == int32);
  CHECK(type_for(uint32, int8) == float64);
  CHECK(type_for(float32, uint16) == float32);
  CHECK(type_for(int32, float32) == float64);
  const std::vector<std::int16_t> values{-1000, 24};
  std::vector<std::int32_t> wide(2);
  widen(std::as_bytes(std::span(values)), int16, int32, std::as_writable_bytes(std::span(wide)));
  CHECK(wide == std::vector<std::int32_t>{-1000, 24});
}

TEST_CASE("SHA-256 is that of FIPS 180-4") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(digest_from_hex(hex(sha256("x")))) == hex(sha256("x")));
}

TEST_CASE("two texts hashed side by side have the SHA-256 that each has alone, whatever their lengths") {
  std::vector<std::byte> text(1000);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>(i * 131 + i / 7);
  const std::span all(text);
  std::vector<std::size_t> wrong;
  for (std::size_t size = 0; size <= 260; ++size) {
    const auto shorter = all.first(size);
    for (const auto& longer : {all.first(size), all.subspan(7, size + 1), all.subspan(1, size + 64), all.last(700)})
      if (sha256_pair(shorter, longer) != std::array{sha256(shorter), sha256(longer)} ||
          sha256_pair(longer, shorter) != std::array{sha256(longer), sha256(shorter)})
        wrong.push_back(size);
  }
  CHECK(wrong.empty());
}

TEST_CASE("a time reads back as it was written, and a week begins on Monday") {
  CHECK(to_text(parse_time("2026-11-24T13:05:57.123Z")) == "2026-11-24T13:05:57.123Z");
  CHECK(date_text(week_start(parse_time("2026-11-24"))) == "2026-11-23");
  CHECK_THROWS_AS(parse_time("2026-02-30"), Error);
  CHECK_THROWS_AS(parse_time("yesterday"), Error);
}

TEST_CASE("a UID from a key is the same each time and well-formed") {
  const auto uid = uid_from_key(sha256("key"));
  CHECK(uid == uid_from_key(sha256("key")));
  CHECK(is_uid(uid));
  CHECK_FALSE(is_uid("1.2..3"));
  CHECK_FALSE(is_uid("../etc"));
}

TEST_CASE("a copy is hashed on its way and never replaces a file") {
  const Scratch scratch;
  const auto from = scratch.folder / "from", to = scratch.folder / "to";
  publish(from, std::string(3'000'000, 'x'), Overwrite::no);
  CHECK(copy_and_hash(from, to) == sha256_file(from));
  CHECK(sha256_file(to) == sha256_file(from));
  CHECK_THROWS_AS(copy_and_hash(from, to), Error);
}

TEST_CASE("a path that leads through a file is missing, whoever asks") {
  const Scratch scratch;
  const auto file = scratch.folder / "file";
  publish(file, "no folder", Overwrite::no);
  const auto reason_of = [](const auto& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.reason();
    }
    return Reason::internal;
  };
  CHECK(reason_of([&] { read_file(file / "x"); }) == Reason::path_missing);
  CHECK(reason_of([&] { publish(file / "x", "", Overwrite::yes); }) == Reason::path_missing);
  CHECK(reason_of([&] { check_folder(file / "x", "the folder"); }) == Reason::path_missing);
  CHECK(reason_of([&] { make_folder(file, "the folder"); }) == Reason::path_missing);
}

TEST_CASE("sizes that do not fit are the largest there is") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(add_saturating(most - 1, std::uint64_t{1}) == most);
  CHECK(add_saturating(most, std::uint64_t{2}) == most);
  CHECK(mul_saturating(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1) == most - 0xFFFFFFFF);
  CHECK(mul_saturating(std::uint64_t{1} << 32, std::uint64_t{1} << 32) == most);
}

TEST_CASE("every reason has a name of its own") {
  for (const auto& row : reasons()) CHECK(reason_named(row.name) == row.reason);
}

TEST_CASE("HMAC-SHA-256 gives RFC 4231's second test vector") {
  const std::string key = "Jefe";
  CHECK(hex(hmac_sha256(std::as_bytes(std::span(key)), "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
