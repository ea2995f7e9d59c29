// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/audit/log.hpp"

namespace aidp {

// The roots of the full subtrees of a log of `size` leaves, left to right: all that is needed to add a leaf. One root per
// one-bit of `size`.
inline void frontier_add(std::vector<Digest>& frontier, std::int64_t size, Digest node) {
  for (; size & 1; size >>= 1) {
    node = merkle_node(frontier.back(), node);
    frontier.pop_back();
  }
  frontier.push_back(node);
}

inline Digest frontier_root(const std::vector<Digest>& frontier) {
  if (frontier.empty()) return merkle_root({});
  Digest root = frontier.back();
  for (std::size_t i = frontier.size() - 1; i-- > 0;) root = merkle_node(frontier[i], root);
  return root;
}

inline std::string frontier_text(const std::vector<Digest>& frontier) {
  std::string text;
  for (const auto& digest : frontier) text += hex(digest);
  return text;
}

}  // namespace aidp
