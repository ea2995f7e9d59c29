// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/store/home.hpp"

namespace aidp {

// What a store keys identifiers with. It never leaves the machine: with it pseudonyms can be tried out, without it they cannot.
struct StoreKey {
  std::array<std::byte, 32> bytes;
};

// The key of a store, HOME/store.key: 32 random bytes for this user alone, made at the first call. Throws Error(store_damaged) if it is not
// 32 bytes long, or is gone while the store holds pseudonyms, which no other key can make again; else as throw_errno() does.
StoreKey store_key(const Home& home);
// Of a store that is kept nowhere.
StoreKey random_key();

// Hex HMAC-SHA-256 (RFC 2104) of domain, a zero byte and text; empty for an empty text. `domain`: "patient", "accession".
std::string pseudonym(const StoreKey& key, std::string_view domain, std::string_view text);

}  // namespace aidp
