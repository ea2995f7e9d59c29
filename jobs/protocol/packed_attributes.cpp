// SPDX-License-Identifier: Apache-2.0
#include "jobs/protocol/packed_attributes.hpp"

#include <cmath>
#include <msgpack.hpp>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t levels_at_most = 3;  // the map, a list, its values

[[noreturn]] void invalid() { throw Error(Reason::internal, "the attributes of a file are invalid"); }

nlohmann::json scalar(const msgpack::object& object) {
  using namespace msgpack::type;
  switch (object.type) {
    case STR:
      return printable({object.via.str.ptr, object.via.str.size});
    case POSITIVE_INTEGER:
      return object.via.u64;
    case NEGATIVE_INTEGER:
      return object.via.i64;
    case FLOAT32:
    case FLOAT64:
      if (std::isfinite(object.via.f64)) return object.via.f64;
      invalid();
    default:
      invalid();
  }
}

nlohmann::json value(const msgpack::object& object) {
  if (object.type != msgpack::type::ARRAY) return scalar(object);
  auto list = nlohmann::json::array();
  for (std::uint32_t i = 0; i < object.via.array.size; ++i) list.push_back(scalar(object.via.array.ptr[i]));
  return list;
}
}  // namespace

std::string packed_attributes(const nlohmann::json& attributes) {
  std::string bytes;
  nlohmann::json::to_msgpack(attributes, bytes);
  return bytes;
}

nlohmann::json unpacked_attributes(std::string_view bytes) try {
  const msgpack::unpack_limit limit(bytes.size(), bytes.size(), bytes.size(), 0, 0, levels_at_most);
  const auto in_place = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  msgpack::zone zone;
  const auto map = msgpack::unpack(zone, bytes.data(), bytes.size(), in_place, nullptr, limit);
  if (map.type != msgpack::type::MAP) invalid();
  auto attributes = nlohmann::json::object();
  for (std::uint32_t i = 0; i < map.via.map.size; ++i) {
    const auto& [key, of_key] = map.via.map.ptr[i];
    if (key.type != msgpack::type::STR) invalid();
    attributes[printable({key.via.str.ptr, key.via.str.size})] = value(of_key);
  }
  return attributes;
} catch (const msgpack::unpack_error&) {
  invalid();
}

}  // namespace aidp
