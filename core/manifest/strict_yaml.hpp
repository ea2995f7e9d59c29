// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aidp {

struct Mistake {
  int line = 0, column = 0;  // from 1
  std::string what;
};

// What plain YAML would let pass and a manifest must not hold: anchors, aliases, tags, several documents, duplicate keys, nesting
// beyond 32, more than 10,000 nodes or 1 MiB, and text that is no YAML. Works on the event stream, before any node is built, as
// yaml-cpp 0.7 builds cyclic graphs from aliases and keeps the first of duplicate keys in silence.
std::vector<Mistake> strict_yaml_mistakes(const std::string& yaml);

}  // namespace aidp
