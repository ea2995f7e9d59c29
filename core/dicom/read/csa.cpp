// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/csa.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::string_view second_format = "SV10";
constexpr std::size_t name_bytes = 64;

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> take(std::int64_t count) {
    if (count < 0 || static_cast<std::uint64_t>(count) > rest_.size())
      throw Error(Reason::dicom_attribute, "the CSA header ends within a field");
    const auto taken = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  std::int32_t number() {
    std::int32_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  // Up to the first NUL.
  std::string text(std::int64_t bytes) {
    const auto taken = take(bytes);
    const auto* begin = reinterpret_cast<const char*>(taken.data());
    return std::string(trim(std::string_view(begin, static_cast<std::size_t>(std::find(begin, begin + bytes, '\0') - begin))));
  }

  // The last value may lack its padding.
  void pad(std::int64_t bytes) { take(std::min((4 - bytes % 4) % 4, static_cast<std::int64_t>(rest_.size()))); }

 private:
  std::span<const std::byte> rest_;
};
}  // namespace

std::vector<std::string> csa_values(std::span<const std::byte> header, std::string_view field) {
  Reader reader(header);
  const bool second = header.size() >= second_format.size() && std::memcmp(header.data(), second_format.data(), second_format.size()) == 0;
  if (second) reader.take(8);
  const auto fields = reader.number();
  reader.number();  // 77
  std::int64_t surplus = 0;
  for (std::int32_t i = 0; i < fields; ++i) {
    const auto name = reader.text(name_bytes);
    reader.take(12);  // multiplicity, value representation, type
    const auto items = reader.number();
    reader.number();              // 77 or 205
    if (i == 0) surplus = items;  // the older format counts it into each length
    std::vector<std::string> values;
    for (std::int32_t item = 0; item < items; ++item) {
      const std::int64_t first = reader.number(), own = reader.number(), length = second ? own : first - surplus;
      reader.take(8);
      if (auto value = reader.text(length); !value.empty()) values.push_back(std::move(value));
      reader.pad(length);
    }
    if (name == field) return values;
  }
  return {};
}

}  // namespace aidp
