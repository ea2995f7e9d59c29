// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <msgpack.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace aidp {

// Bytes that are not the value that they should be.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// MessagePack of structs whose members MSGPACK_DEFINE_ARRAY lists.
template <class T>
std::string packed(const T& value) {
  msgpack::sbuffer bytes;
  msgpack::pack(bytes, value);
  return {bytes.data(), bytes.size()};
}

inline constexpr std::size_t deepest_nesting = 12;                  // of arrays and maps
inline constexpr std::size_t most_elements = std::size_t{1} << 22;  // of one value, at 24 bytes each while it is read

// Counts what a value consists of, and stops at the limits.
struct ElementCounter : msgpack::null_visitor {
  std::size_t elements = 0, depth = 0;
  bool start(std::uint32_t size) { return ++depth <= deepest_nesting && (elements += size) <= most_elements; }
  bool start_array(std::uint32_t size) { return start(size); }
  bool start_map(std::uint32_t size) { return start(size) && start_more(size); }
  bool start_more(std::uint32_t size) { return (elements += size) <= most_elements; }
  bool end_array() { return --depth, true; }
  bool end_map() { return --depth, true; }
};

// A std::string_view in T is one of `bytes`. Throws Malformed, which also what is nested or split too much is.
template <class T>
T unpacked(std::string_view bytes) try {
  if (ElementCounter counter; bytes.size() > most_elements / 4 && !msgpack::parse(bytes.data(), bytes.size(), counter))
    throw Malformed("its values are cut short, too many or nested too deeply");
  const msgpack::unpack_limit limit(bytes.size(), bytes.size(), bytes.size(), bytes.size(), 0,
                                    deepest_nesting);  // none is smaller than a byte
  const auto in_place = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  msgpack::zone zone(1024);  // what it takes unasked, 8 KiB, is slow to allocate
  std::size_t end = 0;
  const auto object = msgpack::unpack(zone, bytes.data(), bytes.size(), end, in_place, nullptr, limit);
  if (end != bytes.size()) throw Malformed("bytes follow its end");
  T value;
  object.convert(value);
  return value;
} catch (const msgpack::unpack_error& error) {
  throw Malformed(error.what());
} catch (const msgpack::type_error&) {
  throw Malformed("a value is of another type than it should be");
} catch (const std::bad_alloc&) {
  throw Malformed("it takes more memory than there is");
}

}  // namespace aidp
