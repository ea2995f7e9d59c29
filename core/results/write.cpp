// SPDX-License-Identifier: Apache-2.0
#include "core/results/write.hpp"

#include <algorithm>
#include <ostream>

#include "core/base/publish.hpp"
#include "core/base/text.hpp"
#include "core/results/rows.hpp"

namespace aidp {

namespace {
std::string csv_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return csv_field(*text);
  if (const auto* value = std::get_if<double>(&cell)) return number(*value);
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return std::to_string(*count);
  return {};
}

std::string json_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return column_json(*text);
  if (const auto* value = std::get_if<double>(&cell)) return number(*value);
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return std::to_string(*count);
  return "null";
}

void write_csv(std::ostream& stream, Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs) {
  std::string head;
  for (const auto& column : columns_of(outputs)) head += (head.empty() ? "" : ",") + csv_field(column.name);
  stream << head << "\r\n";
  recorder.for_each_item(job.id, [&](const ItemRecord& item) {
    const auto cells = cells_of(item, job, outputs);
    for (std::size_t i = 0; i < cells.size(); ++i) stream << (i == 0 ? "" : ",") << csv_text(cells[i]);
    stream << "\r\n";
  });
}

nlohmann::json columns_json(const std::vector<OutputColumn>& outputs) {
  auto json = nlohmann::json::array();
  for (const auto& column : columns_of(outputs))
    json.push_back({{"name", column.name},
                    {"type", column.type == ColumnType::text ? "text" : "number"},
                    {"unit", column.unit},
                    {"description", column.description}});
  return json;
}

// Lines of one item: written as they come, as a JSON object of fifty members costs more than the item's row does. `fixed`: for each
// column whether it is one of the table's own; those of outputs are in `values`, `flags` and `artefacts`.
class ItemLines {
 public:
  ItemLines(const JobRecord& job, const std::vector<OutputColumn>& outputs)
      : job_(job),
        outputs_(outputs),
        columns_(columns_of(outputs)),
        after_(columns_.size() - columns_after_outputs.size()),
        longest_(columns_.size()),
        has_classes_(std::ranges::any_of(outputs, [](const auto& output) { return !output.classes.empty(); })) {}

  void write(std::ostream& stream, const ItemRecord& item) {
    const auto cells = cells_of(item, job_, outputs_);
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (const auto* text = std::get_if<std::string>(&cells[i])) longest_[i] = std::max(longest_[i], text->size());
    stream << R"({"type":"item")";
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (i < columns_before_outputs.size() || i >= after_) stream << ",\"" << columns_[i].name << "\":" << json_text(cells[i]);
    stream << ",\"values\":" << column_json(item.values) << ",\"flags\":" << column_json(item.flags)
           << ",\"artefacts\":" << column_json(artefacts_json(item.artefacts));
    if (has_classes_) stream << ",\"classes\":" << column_json(classes_of(item));
    stream << "}\n";
  }

  const std::vector<std::size_t>& longest() const { return longest_; }

 private:
  std::map<std::string, std::string> classes_of(const ItemRecord& item) const {
    std::map<std::string, std::string> names;
    for (const auto& output : outputs_)
      if (auto name = class_name(item, output); !name.empty()) names[output.name] = std::move(name);
    return names;
  }

  const JobRecord& job_;
  const std::vector<OutputColumn>& outputs_;
  std::vector<TableColumn> columns_;
  std::size_t after_;
  std::vector<std::size_t> longest_;  // text of each column, in bytes
  bool has_classes_;
};

std::vector<std::size_t> write_jsonl(std::ostream& stream, Recorder& recorder, const JobRecord& job,
                                     const std::vector<OutputColumn>& outputs) {
  stream << column_json({{"type", "job"},
                         {"schema", "aidp.results/1"},
                         {"job", job.id},
                         {"model", job.model_name},
                         {"version", job.model_version},
                         {"model_digest", job.model_digest},
                         {"purpose", job.purpose},
                         {"columns", columns_json(outputs)}})
         << '\n';
  ItemLines lines(job, outputs);
  std::int64_t total = 0, flagged = 0;
  recorder.for_each_item(job.id, [&](const ItemRecord& item) {
    lines.write(stream, item);
    ++total;
    flagged += item.source != Source::superseded && std::ranges::any_of(item.flags, [](const auto& flag) { return flag.second; });
  });
  const auto counts = recorder.count_rows(job.id);
  std::map<std::string, std::int64_t> none{{"completed", 0}, {"ineligible", 0}, {"quarantined", 0}, {"failed", 0}};
  auto items = counts.items, series = counts.series;
  items.insert(none.begin(), none.end());
  for (const auto& [outcome, count] : counts.files) series[outcome] += count;
  series.insert(none.begin(), none.end());
  stream << column_json({{"type", "summary"},
                         {"items", total},
                         {"items_by_outcome", items},
                         {"series_by_outcome", series},
                         {"flagged", flagged},
                         {"gone", counts.gone},
                         {"superseded", counts.superseded}})
         << '\n';
  return lines.longest();
}

std::string attribute(const SeriesRecord& series, const char* keyword) {
  const auto found = series.attributes.find(keyword);
  return found != series.attributes.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

void write_ledger(std::ostream& stream, Recorder& recorder, const JobRecord& job) {
  std::string head;
  for (const auto& column : ledger_columns) head += (head.empty() ? "" : ",") + std::string(column.name);
  stream << head << "\r\n";
  recorder.for_each_series(job.id, [&](const SeriesRecord& series) {
    const auto site = job.site.empty() ? attribute(series, "InstitutionName") : job.site;
    for (const auto& text : {series.study_uid, series.series_uid, printable(series.path), attribute(series, "Modality"),
                             attribute(series, "Manufacturer"), attribute(series, "ManufacturerModelName"), site})
      stream << csv_field(text) << ',';
    stream << series.instances << ',' << name(series.outcome) << ',' << reason_text(series.reason) << ',' << csv_field(series.message)
           << ',' << name(series.source) << ',' << series.source_since << "\r\n";
  });
}
}  // namespace

std::vector<std::size_t> write_json_lines(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs,
                                          const std::filesystem::path& out) {
  std::vector<std::size_t> longest;
  publish_stream(out / "results.jsonl", [&](std::ostream& stream) { longest = write_jsonl(stream, recorder, job, outputs); });
  return longest;
}

void write_tables(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs, const std::filesystem::path& out) {
  publish_stream(out / "results.csv", [&](std::ostream& stream) { write_csv(stream, recorder, job, outputs); });
  publish_stream(out / "ledger.csv", [&](std::ostream& stream) { write_ledger(stream, recorder, job); });
}

}  // namespace aidp
