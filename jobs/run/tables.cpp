// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/tables.hpp"

#include "core/base/text.hpp"
#include "jobs/protocol/json_bridge.hpp"

namespace aidp {

namespace {
std::string description_of(const Output& output) {
  if (output.kind == OutputKind::score) return "Score of the model";
  if (output.kind == OutputKind::mask) return "Mask of the model";
  std::vector<std::string> labels;
  for (const auto label : output.labels) labels.push_back(std::to_string(label));
  return "Volume of the mask's label " + join(labels, ", ");
}
}  // namespace

std::vector<OutputColumn> output_columns(const Manifest& manifest) {
  std::vector<OutputColumn> columns;
  for (const auto& output : manifest.outputs) {
    const bool is_file = output.kind == OutputKind::mask;
    columns.push_back({output.name, is_file ? "" : output.unit, description_of(output), is_file, output.flag_at.has_value()});
  }
  return columns;
}

void write_results(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs, Crew& dicom) {
  const std::filesystem::path out(job.out);
  write_json_lines(recorder, job, outputs, out);
  ask_json(dicom, {{"op", "write_hdf5"}, {"source", (out / "results.jsonl").string()}, {"path", (out / "results.h5").string()}},
           std::chrono::minutes(10), OnSignal::finish, [&] { write_tables(recorder, job, outputs, out); });
}

}  // namespace aidp
