// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/audit/verify.hpp"
#include "core/base/text.hpp"

namespace aidp {

// What was found, as far as anybody reads on.
class Findings {
 public:
  void add(std::int64_t leaf, std::string what) {
    if (findings_.size() < at_most)
      findings_.push_back({leaf, std::move(what)});
    else
      ++hidden_;
  }
  std::vector<AuditFinding> take() {
    if (hidden_ > 0) findings_.push_back({-1, "and " + std::to_string(hidden_) + " more findings"});
    return std::move(findings_);
  }

 private:
  static constexpr std::size_t at_most = 10'000;
  std::vector<AuditFinding> findings_;
  std::int64_t hidden_ = 0;
};

inline std::string leaf_name(std::int64_t seq) { return "leaf " + std::to_string(seq); }
// "item 7"; `key` is the value of the primary key.
inline std::string row_name(std::string_view table, const nlohmann::json& key) {
  return std::string(table) + " " + (key.is_string() ? printable(key.get<std::string>()) : key.dump());
}

}  // namespace aidp
