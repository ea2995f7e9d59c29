// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/tables.hpp"

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"

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

void write_results(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs, Workforce& workforce) {
  const std::filesystem::path out(job.out);
  auto& writer = workforce.writer();  // starts while the lines are written
  auto longest = write_json_lines(recorder, job, outputs, out);
  constexpr int tries = 2;
  ask(
      writer, WriteHdf5Request{(out / "results.jsonl").string(), (out / "results.h5").string(), std::move(longest)},
      std::chrono::minutes(10), tries, [&] { write_tables(recorder, job, outputs, out); }, OnSignal::finish);
}

}  // namespace aidp
