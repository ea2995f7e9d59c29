// SPDX-License-Identifier: Apache-2.0
// RFC 6962 section 2.1: Merkle Hash Trees.
#include <span>

#include "core/audit/log.hpp"

namespace aidp {

Digest merkle_leaf(std::string_view data) {
  constexpr std::string_view prefix("\0", 1);
  return Sha256().update(prefix).update(data).finish();
}

Digest merkle_node(const Digest& left, const Digest& right) {
  return Sha256().update(std::string_view("\1", 1)).update(left).update(right).finish();
}

static Digest root_of(std::span<const Digest> leaves) {
  if (leaves.size() == 1) return leaves[0];
  std::size_t left = 1;  // the largest power of two below the number of leaves
  while (left * 2 < leaves.size()) left *= 2;
  return merkle_node(root_of(leaves.first(left)), root_of(leaves.subspan(left)));
}

Digest merkle_root(const std::vector<Digest>& leaves) { return leaves.empty() ? sha256(std::string_view{}) : root_of(leaves); }

}  // namespace aidp
