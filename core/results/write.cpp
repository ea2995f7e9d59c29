// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ostream>

#include "core/base/file.hpp"
#include "core/base/result_columns.hpp"
#include "core/base/text.hpp"
#include "core/results/rows.hpp"

namespace aidp {

namespace {
// Which outputs have flags is known only from the rows; a first pass finds them.
std::set<std::string> flagged_outputs(Recorder& recorder, const std::string& job_id) {
  std::set<std::string> names;
  recorder.for_each_item(job_id, [&](const ItemRecord& item) {
    for (const auto& [output, flag] : item.flags) names.insert(output);
  });
  return names;
}

std::string artefacts_text(const std::vector<ArtefactRecord>& artefacts) {
  std::vector<std::string> parts;
  for (const auto& artefact : artefacts) parts.push_back(artefact.path + " " + artefact.sha256);
  return join(parts, "; ");
}

void write_csv_row(std::ostream& stream, const ItemRecord& item, const std::vector<std::string>& outputs,
                   const std::vector<std::string>& flags) {
  stream << csv_field(item.key) << ',' << csv_field(item.study_uid) << ',' << csv_field(item.series_uid) << ',' << csv_field(item.sop_uid)
         << ',' << item.frame << ',' << name(item.outcome) << ',' << reason_text(item.reason) << ',' << csv_field(item.message);
  for (const auto& output : outputs) {
    stream << ',';
    if (const auto value = item.values.find(output); value != item.values.end()) stream << number(value->second);
  }
  for (const auto& output : flags) {
    stream << ',';
    if (const auto flag = item.flags.find(output); flag != item.flags.end()) stream << (flag->second ? '1' : '0');
  }
  stream << ',' << csv_field(artefacts_text(item.artefacts)) << ',' << csv_field(item.device) << ',' << item.attempts << ','
         << to_text(item.queued) << ',' << to_text(item.finished) << ',' << number(item.decode_ms) << ',' << number(item.infer_ms)
         << "\r\n";
}

void write_csv(std::ostream& stream, Recorder& recorder, const JobRecord& job, const std::vector<std::string>& outputs) {
  const auto flagged = flagged_outputs(recorder, job.id);
  std::vector<std::string> flags;  // in the order of the outputs
  for (const auto& output : outputs)
    if (flagged.contains(output)) flags.push_back(output);
  for (const auto column : columns_before_outputs) stream << (column == columns_before_outputs.front() ? "" : ",") << column;
  for (const auto& output : outputs) stream << ',' << csv_field(output);
  for (const auto& output : flags) stream << ',' << csv_field(output + "_flag");
  for (const auto column : columns_after_outputs) stream << ',' << column;
  stream << "\r\n";
  recorder.for_each_item(job.id, [&](const ItemRecord& item) { write_csv_row(stream, item, outputs, flags); });
}

nlohmann::json item_json(const ItemRecord& item) {
  return {{"type", "item"},
          {"key", item.key},
          {"study_uid", item.study_uid},
          {"series_uid", item.series_uid},
          {"sop_uid", item.sop_uid},
          {"frame", item.frame},
          {"outcome", name(item.outcome)},
          {"reason", reason_text(item.reason)},
          {"message", item.message},
          {"attempts", item.attempts},
          {"values", item.values},
          {"flags", item.flags},
          {"artefacts", artefacts_json(item.artefacts)},
          {"queued_at", to_text(item.queued)},
          {"finished_at", to_text(item.finished)},
          {"device", item.device},
          {"decode_ms", item.decode_ms},
          {"infer_ms", item.infer_ms}};
}

void write_jsonl(std::ostream& stream, Recorder& recorder, const JobRecord& job) {
  stream << column_json({{"type", "job"},
                         {"schema", "aidp.results/1"},
                         {"job", job.id},
                         {"model", job.model_name},
                         {"version", job.model_version},
                         {"model_digest", job.model_digest}})
         << '\n';
  std::map<std::string, std::int64_t> items{{"completed", 0}, {"ineligible", 0}, {"quarantined", 0}, {"failed", 0}};
  auto series = items;
  std::int64_t total = 0, flagged = 0;
  recorder.for_each_item(job.id, [&](const ItemRecord& item) {
    stream << column_json(item_json(item)) << '\n';
    ++items[std::string(name(item.outcome))];
    ++total;
    flagged += std::any_of(item.flags.begin(), item.flags.end(), [](const auto& flag) { return flag.second; });
  });
  recorder.for_each_series(job.id, [&](const SeriesRecord& one) { ++series[std::string(name(one.outcome))]; });
  stream << column_json(
                {{"type", "summary"}, {"items", total}, {"items_by_outcome", items}, {"series_by_outcome", series}, {"flagged", flagged}})
         << '\n';
}

std::string attribute(const SeriesRecord& series, const char* keyword) {
  const auto found = series.attributes.find(keyword);
  return found != series.attributes.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

void write_ledger(std::ostream& stream, Recorder& recorder, const JobRecord& job) {
  stream << "study_uid,series_uid,path,modality,manufacturer,model,site,instances,outcome,reason,message\r\n";
  recorder.for_each_series(job.id, [&](const SeriesRecord& series) {
    const auto site = job.site.empty() ? attribute(series, "InstitutionName") : job.site;
    for (const auto& text : {series.study_uid, series.series_uid, printable(series.path), attribute(series, "Modality"),
                             attribute(series, "Manufacturer"), attribute(series, "ManufacturerModelName"), site})
      stream << csv_field(text) << ',';
    stream << series.instances << ',' << name(series.outcome) << ',' << reason_text(series.reason) << ',' << csv_field(series.message)
           << "\r\n";
  });
}
}  // namespace

void write_json_lines(Recorder& recorder, const JobRecord& job, const std::filesystem::path& out) {
  publish_stream(out / "results.jsonl", [&](std::ostream& stream) { write_jsonl(stream, recorder, job); });
}

void write_tables(Recorder& recorder, const JobRecord& job, const std::vector<std::string>& output_names,
                  const std::filesystem::path& out) {
  publish_stream(out / "results.csv", [&](std::ostream& stream) { write_csv(stream, recorder, job, output_names); });
  publish_stream(out / "ledger.csv", [&](std::ostream& stream) { write_ledger(stream, recorder, job); });
}

}  // namespace aidp
