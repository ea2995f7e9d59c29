// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/mosaic.hpp"

#include <random>

#include "core/base/error.hpp"
#include "core/dicom/read/csa.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
using Field = std::pair<std::string, std::vector<std::string>>;

void add(std::string& bytes, std::int32_t number) { bytes.append(reinterpret_cast<const char*>(&number), sizeof number); }

// In the format "SV10", or the older one, which begins with the fields and adds the count of the first field's items to each length.
std::string csa(const std::vector<Field>& fields, bool second) {
  std::string bytes = second ? std::string("SV10\4\3\2\1") : std::string();
  add(bytes, static_cast<std::int32_t>(fields.size()));
  add(bytes, 77);
  const auto surplus = static_cast<std::int32_t>(fields.front().second.size());
  for (const auto& [name, values] : fields) {
    bytes += name + std::string(64 - name.size(), '\0');
    for (const std::int32_t number : {1, 0, 4, static_cast<std::int32_t>(values.size()), 77}) add(bytes, number);
    for (const auto& value : values) {
      const auto length = static_cast<std::int32_t>(value.size());
      for (const std::int32_t number : {second ? length : length + surplus, length, 77, length}) add(bytes, number);
      bytes += value + std::string((4 - value.size() % 4) % 4, '\0');
    }
  }
  return bytes;
}

std::vector<std::string> values_of(const std::string& bytes, const std::string& field) {
  return csa_values(std::as_bytes(std::span(bytes)), field);
}

const std::vector<Field> fields{
    {"EchoLinePosition", {"64  ", "", ""}}, {"Empty", {}}, {"SliceNormalVector", {"0.0", "-0.5 ", std::string("1\0x", 3), ""}}};

InstanceHeader five_tiles() {
  InstanceHeader tiles;
  tiles.rows = 2;
  tiles.columns = 3;
  tiles.tiles_across = 3;
  tiles.number_of_frames = 5;
  tiles.frames.resize(5);
  return tiles;
}
}  // namespace

TEST_CASE("a CSA header of either format gives a field's values, trimmed and without empty ones") {
  for (const bool second : {true, false}) {
    const auto bytes = csa(fields, second);
    CHECK(values_of(bytes, "EchoLinePosition") == std::vector<std::string>{"64"});
    CHECK(values_of(bytes, "SliceNormalVector") == std::vector<std::string>{"0.0", "-0.5", "1"});
    CHECK(values_of(bytes, "Empty").empty());
    CHECK(values_of(bytes, "NumberOfImagesInMosaic").empty());
  }
}

TEST_CASE("a CSA header that is cut or has some bytes changed gives values or an Error, never a crash") {
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    auto bytes = csa(fields, i % 2 == 0);
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    for (unsigned changes = random() % 4; changes > 0 && !bytes.empty(); --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      values_of(bytes, "SliceNormalVector");
    } catch (const Error& error) {
      CHECK(error.reason() == Reason::dicom_attribute);
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("tiles are counted from left to right and from top to bottom") {
  const auto tiles = five_tiles();
  const auto image = folded(tiles);
  CHECK((image.rows == 6 && image.columns == 9 && image.number_of_frames == 1 && image.frames.size() == 1 && image.tiles_across == 0));
  std::vector<std::byte> pixels(54), tile(6);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::byte>(i);
  const auto cut = [&](std::int64_t frame) {
    cut_tile(pixels, tiles, frame, tile);
    return std::vector<int>{std::to_integer<int>(tile[0]), std::to_integer<int>(tile[2]), std::to_integer<int>(tile[3])};
  };
  CHECK(cut(0) == std::vector{0, 2, 9});
  CHECK(cut(2) == std::vector{6, 8, 15});
  CHECK(cut(4) == std::vector{21, 23, 30});
  CHECK_THROWS_AS(cut(5), Error);
}
