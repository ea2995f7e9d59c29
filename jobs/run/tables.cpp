// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/tables.hpp"

#include "jobs/protocol/ask.hpp"

namespace aidp {

std::vector<OutputColumn> output_columns(const Manifest& manifest) {
  std::vector<OutputColumn> columns;
  for (const auto& output : manifest.outputs)
    columns.push_back({output.name, output.unit(), output.description(), output.is_file(), output.has_flag(), output.classes()});
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
