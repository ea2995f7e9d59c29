// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace aidp {

// What a caller shows while a job runs. Called from the supervisor's loop, at most about ten times a second.
struct Progress {
  std::string phase;                               // "scanning", "running", "writing"
  std::int64_t done = 0, total = 0;                // total 0: not known yet
  std::map<std::string, std::int64_t> outcomes{};  // outcome to items
  double items_per_second = 0;
  std::optional<double> eta_s{};
};
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void update(const Progress& progress) = 0;
  virtual void note(const std::string& text) = 0;  // a line that stays
};

}  // namespace aidp
