// SPDX-License-Identifier: Apache-2.0
#include "core/inference/components.hpp"

#include <algorithm>

namespace aidp {

namespace {
// Disjoint sets of provisional labels; the root is the smallest (Rosenfeld and Pfaltz 1966; Wu, Otoo and Suzuki 2009).
class Sets {
 public:
  std::int32_t add() {
    parents_.push_back(static_cast<std::int32_t>(parents_.size()));
    return parents_.back();
  }
  std::int32_t root(std::int32_t label) {
    while (parents_[at(label)] != label) label = parents_[at(label)] = parents_[at(parents_[at(label)])];
    return label;
  }
  std::int32_t join(std::int32_t a, std::int32_t b) {
    a = root(a);
    b = root(b);
    return parents_[at(std::max(a, b))] = std::min(a, b);
  }

 private:
  static std::size_t at(std::int32_t label) { return static_cast<std::size_t>(label); }
  std::vector<std::int32_t> parents_{0};
};

// A neighbour that comes earlier in C order.
struct Neighbour {
  std::vector<int> steps;  // -1, 0 or 1 along each dimension
  std::int64_t distance = 0;
};

std::vector<Neighbour> earlier_neighbours(const std::vector<std::int64_t>& shape, std::int64_t connectivity) {
  std::vector<Neighbour> result;
  std::vector<int> steps(shape.size(), -1);
  while (true) {
    std::int64_t hops = 0, distance = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      hops += steps[d] != 0;
      distance = distance * shape[d] + steps[d];
    }
    const auto first = std::find_if(steps.begin(), steps.end(), [](int step) { return step != 0; });
    if (first != steps.end() && *first < 0 && hops <= connectivity) result.push_back({steps, distance});
    std::size_t d = shape.size();
    while (d > 0 && steps[d - 1] == 1) steps[--d] = -1;
    if (d == 0) return result;
    ++steps[d - 1];
  }
}

bool inside(const std::vector<std::int64_t>& at, const std::vector<int>& steps, const std::vector<std::int64_t>& shape) {
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (at[d] + steps[d] < 0 || at[d] + steps[d] >= shape[d]) return false;
  return true;
}
}  // namespace

Components connected_components(std::span<const std::uint8_t> mask, const std::vector<std::int64_t>& shape, std::int64_t connectivity) {
  Components result{std::vector<std::int32_t>(mask.size(), 0), {0}};
  const auto neighbours = earlier_neighbours(shape, connectivity);
  Sets sets;
  std::vector<std::int64_t> at(shape.size(), 0);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i]) {
      std::int32_t label = 0;
      for (const auto& neighbour : neighbours) {
        if (!inside(at, neighbour.steps, shape)) continue;
        const auto other = result.labels[i + static_cast<std::size_t>(neighbour.distance)];
        if (other) label = label ? sets.join(label, other) : other;
      }
      result.labels[i] = label ? label : sets.add();
    }
    for (std::size_t d = shape.size(); d-- > 0 && ++at[d] == shape[d];) at[d] = 0;
  }
  std::vector<std::int32_t> final_label;  // of a root
  for (auto& label : result.labels) {
    const auto root = static_cast<std::size_t>(sets.root(label));
    if (root >= final_label.size()) final_label.resize(root + 1, 0);
    if (root && !final_label[root]) {
      final_label[root] = static_cast<std::int32_t>(result.sizes.size());
      result.sizes.push_back(0);
    }
    label = final_label[root];
    ++result.sizes[static_cast<std::size_t>(label)];
  }
  return result;
}

}  // namespace aidp
