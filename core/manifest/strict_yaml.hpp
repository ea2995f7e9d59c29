// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aidp {

struct Mistake {
  int line = 0, column = 0;  // from 1
  std::string what;
};

constexpr std::size_t yaml_bytes_at_most = 1 << 20;

struct StrictYaml {
  std::vector<Mistake> mistakes;
  bool can_be_built = false;  // whether yaml-cpp can be trusted to build nodes, so that the reader can go on and name its own mistakes too
};

// What plain YAML would let pass and a manifest must not hold: anchors, aliases, tags, several documents, duplicate keys, nesting
// beyond 32, more than 10,000 nodes or 1 MiB, characters that are no UTF-8 or not seen, tabs as indentation, and text that is no YAML.
// Works on the event stream, before any node is built, as yaml-cpp 0.7 builds cyclic graphs from aliases and keeps the first of duplicate
// keys in silence.
StrictYaml inspect_yaml(const std::string& yaml);

}  // namespace aidp
