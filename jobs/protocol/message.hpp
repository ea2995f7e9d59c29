// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/base/packed_fields.hpp"

namespace aidp {

// Every request is a struct with its operation's name `op` and the struct `Reply` that answers it; both sides pack and unpack the same
// structs. A request holds all that the supervisor knows, a reply only what the worker found: what is not asked needs no check. The others'
// checks, check(request, reply), are in check.hpp. Sizes and offsets are bytes.

// Why one item of a request has no answer: a reason's stable name, and words.
struct ItemFailure {
  std::string reason, message;
  AIDP_PACKED(reason, message)
};

// The answer for one item of a request, or why there is none: [true, T] or [false, ItemFailure].
template <class T>
struct OrFailure {
  std::variant<T, ItemFailure> said;

  const T* answer() const { return std::get_if<T>(&said); }
  const ItemFailure* failure() const { return std::get_if<ItemFailure>(&said); }

  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    packer.pack_array(2);
    packer.pack(answer() != nullptr);
    std::visit([&](const auto& value) { packer.pack(value); }, said);
  }
  void msgpack_unpack(const msgpack::object& object) {
    require_fields(object, 2);
    if (object.via.array.ptr[0].as<bool>())
      said = object.via.array.ptr[1].as<T>();
    else
      said = object.via.array.ptr[1].as<ItemFailure>();
  }
};

// Part of a pool.
struct Place {
  std::uint64_t offset = 0, size = 0;
  AIDP_PACKED(offset, size)
};

struct Done {
  AIDP_PACKED()
};

}  // namespace aidp
