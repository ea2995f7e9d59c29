// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "jobs/pipeline.hpp"
#include "jobs/run.hpp"
#include "jobs/workforce.hpp"

namespace aidp {

namespace {
std::vector<ItemRecord> infer_folder(const Package& package, const std::filesystem::path& folder, Workforce& workforce) {
  std::vector<ItemRecord> records;
  HeaderIndex index({}, keywords_of(package.manifest));
  const auto plan = make_plan(package.manifest, take_inventory({{folder}, {}}, index, workforce.dicom, [](auto, auto) {}), index);
  Pipeline::Options options{.batch = package.manifest.batch_max,
                            .out = {},
                            .model_digest = package.digest,
                            .device = workforce.device(),
                            .known_file = [](const std::string&) { return std::nullopt; },
                            .completed = {},
                            .finished = [&](std::vector<ItemRecord> items,
                                            const std::vector<FileRecord>&) { records.insert(records.end(), items.begin(), items.end()); },
                            .skipped = [](std::size_t, std::size_t) {}};
  Pipeline pipeline(plan, index, package.manifest, std::move(options), workforce);
  const std::array crews{&workforce.dicom, workforce.model.get()};
  while (!pipeline.done()) {
    if (SignalGuard::received() != 0) pipeline.drain();
    pipeline.advance();
    if (!pipeline.done()) pump(crews, std::chrono::milliseconds(200));
  }
  for (const auto& series : plan.series)
    if (series.refusal) throw Error(*series.refusal, "the golden input is refused: " + series.message);
  return records;
}

GoldenResult compare(const GoldenCase& golden, const std::string& output, double expected, const std::vector<ItemRecord>& records) {
  GoldenResult result{golden.name, output, expected, 0, 0, golden.tolerance, false, {}};
  if (records.size() != 1) {
    result.message = "a golden case gives one item, this one gave " + std::to_string(records.size());
    return result;
  }
  const auto& record = records.front();
  const auto value = record.values.find(output);
  if (value == record.values.end()) {
    result.message = record.reason ? std::string(name(*record.reason)) + ": " + record.message : "the model gave no such output";
    return result;
  }
  result.got = value->second;
  result.difference = std::abs(result.got - expected);
  result.passed = result.difference <= golden.tolerance;
  return result;
}
}  // namespace

std::vector<GoldenResult> run_golden(const Package& package, const std::string& device, ProgressSink& progress) {
  const SignalGuard signals;
  Workforce workforce(1, 0);
  workforce.hire_model(package.folder, package.manifest, device);
  std::vector<GoldenResult> results;
  std::int64_t done = 0;
  for (const auto& golden : package.manifest.golden) {
    progress.update({.phase = "running",
                     .done = done++,
                     .total = static_cast<std::int64_t>(package.manifest.golden.size()),
                     .outcomes = {},
                     .items_per_second = 0,
                     .eta_s = {}});
    const auto records = infer_folder(package, package.folder / golden.input, workforce);
    SignalGuard::check();  // a case that was not run is no failed one
    for (const auto& [output, expected] : golden.expect) results.push_back(compare(golden, output, expected, records));
  }
  return results;
}

}  // namespace aidp
