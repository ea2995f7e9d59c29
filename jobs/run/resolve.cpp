// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/resolve.hpp"

#include "jobs/process/signals.hpp"

namespace aidp {

std::vector<Looked> resolve(Sources& sources, Crew& dicom) {
  std::vector<std::string> paths;
  for (const auto& input : sources.inputs) paths.push_back(input.string());
  if (sources.worklist)
    for (const auto& path : sources.worklist->paths()) paths.push_back(path.string());
  auto found = look(dicom, paths);
  SignalGuard::check();
  auto next = found.begin();
  for (auto& input : sources.inputs) input = (next++)->path;
  if (sources.worklist)
    for (auto& row : sources.worklist->rows)
      if (auto& path = row.values[static_cast<std::size_t>(WorklistKey::path)]; !path.empty()) {
        row.found = next->kind;
        path = (next++)->path;
      }
  found.resize(sources.inputs.size());
  return found;
}

}  // namespace aidp
