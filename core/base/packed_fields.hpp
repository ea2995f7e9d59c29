// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <msgpack.hpp>
#include <tuple>

namespace aidp {

inline void require_fields(const msgpack::object& object, std::size_t count) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size != count) throw msgpack::type_error();
}

}  // namespace aidp

// The fields of a struct as a MessagePack array, as MSGPACK_DEFINE_ARRAY has it; but an array of another length is refused, where that
// would leave fields as they were.
#define AIDP_PACKED(...)                                                              \
  template <class Packer>                                                             \
  void msgpack_pack(Packer& packer) const {                                           \
    msgpack::type::make_define_array(__VA_ARGS__).msgpack_pack(packer);               \
  }                                                                                   \
  void msgpack_unpack(const msgpack::object& object) {                                \
    aidp::require_fields(object, std::tuple_size_v<decltype(std::tie(__VA_ARGS__))>); \
    msgpack::type::make_define_array(__VA_ARGS__).msgpack_unpack(object);             \
  }
