// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <msgpack.hpp>
#include <string>
#include <string_view>

namespace aidp {

// MessagePack of structs whose members MSGPACK_DEFINE_ARRAY lists: for what there are millions of. It has no names, and is read into its
// struct at once; CBOR through nlohmann::json takes several times as long.
template <class T>
std::string packed(const T& value) {
  msgpack::sbuffer bytes;
  msgpack::pack(bytes, value);
  return {bytes.data(), bytes.size()};
}

// A std::string_view in T is one of `bytes`. Throws msgpack::unpack_error, msgpack::type_error.
template <class T>
T unpacked(std::string_view bytes) {
  const msgpack::unpack_limit limit(bytes.size(), 0, bytes.size(), 0, 0, 8);  // no element is smaller than a byte
  const auto in_place = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  msgpack::zone zone(1024);  // what it takes unasked, 8 KiB, is slow to allocate
  T value;
  msgpack::unpack(zone, bytes.data(), bytes.size(), in_place, nullptr, limit).convert(value);
  return value;
}

}  // namespace aidp
