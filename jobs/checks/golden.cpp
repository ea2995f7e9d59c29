// SPDX-License-Identifier: Apache-2.0
#include "jobs/checks/golden.hpp"

#include <cmath>

#include "core/base/text.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/run/item_image.hpp"
#include "jobs/run/pipeline.hpp"

namespace aidp {

namespace {
// The one item of a golden case, from its folder.
struct GoldenInput {
  HeaderIndex index;
  Plan plan;
  GoldenInput(const Package& package, const GoldenCase& golden, Workforce& workforce)
      : index({}, keywords_of(package.manifest)),
        plan(make_plan(package.manifest, {{package.folder / golden.input}, {}}, index, workforce.dicom, [](auto, auto) {})) {
    for (const auto& series : plan.series)
      if (series.refusal) throw Error(*series.refusal, "the golden input is refused: " + series.message);
  }
};

std::vector<ItemRecord> infer(const Package& package, GoldenInput& input, Workforce& workforce) {
  std::vector<ItemRecord> records;
  Pipeline::Options options{.batch = package.manifest.batch_max,
                            .out = {},
                            .model_digest = package.digest,
                            .device = workforce.device(),
                            .known_file = [](const std::string&) { return std::nullopt; },
                            .completed = {},
                            .finished = [&](std::vector<ItemRecord> items,
                                            const std::vector<FileRecord>&) { records.insert(records.end(), items.begin(), items.end()); },
                            .skipped = [](std::size_t, std::size_t) {}};
  Pipeline pipeline(input.plan, input.index, package.manifest, std::move(options), workforce);
  while (!pipeline.done()) {
    if (SignalGuard::received() != 0) pipeline.drain();
    pipeline.advance();
    if (!pipeline.done()) pump(workforce.crews(), std::chrono::milliseconds(200));
  }
  return records;
}

// What the model is given and what it gives, beside the tensors that the case brings.
std::vector<GoldenResult> compare_stages(const Manifest& manifest, const GoldenCase& golden, GoldenInput& input, Workforce& workforce) {
  std::vector<GoldenResult> results;
  if ((golden.tensor.empty() && golden.output.empty()) || input.plan.items.size() != 1) return results;
  try {
    const auto& item = input.plan.items.front();
    const ItemImage image(*SeriesOpener(input.plan, manifest, input.index).open(item.series), item, workforce);
    const auto reply = ask(*workforce.model, CompareRequest{image.item(), golden.name}, std::chrono::seconds(manifest.timeout_s));
    for (const auto& stage : reply.stages) {
      const auto message = printable(stage.message);
      results.push_back({golden.name,
                         stage.stage,
                         {},
                         0,
                         0,
                         stage.difference,
                         stage.tolerance,
                         message.empty() && stage.difference <= stage.tolerance,
                         message});
    }
  } catch (const Error& error) {
    SignalGuard::check();
    results.push_back({golden.name, "preprocess", {}, 0, 0, 0, 0, false, std::string(name(error.reason())) + ": " + error.what()});
  }
  return results;
}

GoldenResult compare_value(const GoldenCase& golden, const std::string& output, double expected, const std::vector<ItemRecord>& records) {
  GoldenResult result{golden.name, "value", output, expected, 0, 0, golden.tolerance, false, {}};
  if (records.size() != 1) {
    result.message = "a golden case must give one item; this one gave " + std::to_string(records.size());
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

GoldenRun run_golden(const Package& package, const std::string& device, ProgressSink& progress) {
  const SignalGuard signals;
  Workforce workforce(1, 0);
  workforce.hire_model(package.folder, package.manifest, device);
  GoldenRun run{workforce.device(), {}};
  auto& results = run.results;
  std::int64_t done = 0;
  for (const auto& golden : package.manifest.golden) {
    progress.update({.phase = "running", .done = done++, .total = static_cast<std::int64_t>(package.manifest.golden.size())});
    GoldenInput input(package, golden, workforce);
    const auto records = infer(package, input, workforce);
    SignalGuard::check();  // a case that was not run is no failed one
    for (auto& stage : compare_stages(package.manifest, golden, input, workforce)) results.push_back(std::move(stage));
    for (const auto& [output, expected] : golden.expect) results.push_back(compare_value(golden, output, expected, records));
  }
  return run;
}

}  // namespace aidp
