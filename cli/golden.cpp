// SPDX-License-Identifier: Apache-2.0
#include "cli/golden.hpp"

#include <algorithm>
#include <iostream>
#include <map>

#include "core/base/text.hpp"
#include "jobs/checks/golden.hpp"

namespace aidp {

namespace {
nlohmann::json json_of(const GoldenResult& r) {
  const bool value = r.stage == "value";
  return {{"type", "golden"},
          {"schema", "aidp.golden/1"},
          {"case", r.name},
          {"stage", r.stage},
          {"output", r.output},
          {"expected", value ? nlohmann::json(r.expected) : nlohmann::json()},
          {"got", value ? nlohmann::json(r.got) : nlohmann::json()},
          {"difference", r.difference},
          {"tolerance", r.tolerance},
          {"passed", r.passed},
          {"message", r.message}};
}

std::vector<std::string> row_of(const GoldenResult& r) {
  const bool value = r.stage == "value", known = r.message.empty();
  return {r.name,
          r.stage,
          value ? r.output : "-",
          value ? number(r.expected) : "-",
          value && known ? number(r.got) : "-",
          known ? number(r.difference) : "-",
          number(r.tolerance),
          r.passed ? "pass" : "FAIL " + r.message};
}
}  // namespace

std::string compare_golden(const Package& package, const std::string& device, const std::string& remedy, const Globals& globals) {
  const auto progress = make_progress(globals);
  const auto [ran_on, results] = run_golden(package, device, *progress);
  std::map<std::string, double> largest;
  std::vector<std::string> failed;
  std::vector<std::vector<std::string>> rows{{"CASE", "STAGE", "OUTPUT", "EXPECTED", "GOT", "DIFFERENCE", "TOLERANCE", ""}};
  for (const auto& r : results) {
    const auto what = r.name + " " + (r.output.empty() ? r.stage : r.output);
    largest[r.stage] = std::max(largest[r.stage], r.difference);
    if (!r.passed) failed.push_back(what + (r.message.empty() ? " differs by " + number(r.difference) : ": " + r.message));
    if (globals.json()) print_json(json_of(r));
    rows.push_back(row_of(r));
  }
  if (!globals.json()) {
    print_table(rows);
    for (const char* stage : {"preprocess", "model", "value"})
      if (largest.contains(stage)) std::cout << "largest difference, " << stage << ": " << number(largest[stage]) << "\n";
  }
  if (!failed.empty())
    throw Error(Reason::acceptance_failed,
                package.manifest.id() + " does not reproduce its golden values on this machine: " + join(failed, "; "), remedy);
  return ran_on;
}

}  // namespace aidp
