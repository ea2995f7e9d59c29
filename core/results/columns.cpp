// SPDX-License-Identifier: Apache-2.0
#include "core/results/columns.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/results/rows.hpp"

namespace aidp {

namespace {
// A cell for each column of the table, by its name.
struct Row {
  const ItemRecord& item;
  const JobRecord& job;

  Cell key() const { return item.key; }
  Cell study_uid() const { return item.study_uid; }
  Cell series_uid() const { return item.series_uid; }
  Cell sop_uid() const { return item.sop_uid; }
  Cell frame() const { return item.frame; }
  Cell outcome() const { return std::string(name(item.outcome)); }
  Cell reason() const { return reason_text(item.reason); }
  Cell message() const { return item.message; }
  Cell purpose() const { return job.purpose; }
  Cell source() const { return std::string(name(item.source)); }
  Cell source_path() const { return printable(item.source_path); }
  Cell image_position() const { return item.image_position; }
  Cell acquisition_date() const { return item.acquisition_date; }
  Cell acquisition_time() const { return item.acquisition_time; }
  Cell source_since() const { return item.source_since; }
  Cell device() const { return item.device; }
  Cell attempts() const { return std::int64_t{item.attempts}; }
  Cell queued_at() const { return to_text(item.queued); }
  Cell finished_at() const { return to_text(item.finished); }
  Cell decode_ms() const { return item.decode_ms; }
  Cell infer_ms() const { return item.infer_ms; }
};

Cell cell_of(const std::string& text, ColumnType type) {
  if (type == ColumnType::text) return text;
  const auto value = number_in<double>(text);
  return value ? Cell(*value) : Cell();
}

void add_output(std::vector<Cell>& cells, const ItemRecord& item, const OutputColumn& output) {
  if (output.is_file) {
    const auto found = std::ranges::find_if(
        item.artefacts, [&](const auto& artefact) { return artefact.output == output.name || artefact.output.empty(); });
    const bool is_there = found != item.artefacts.end();
    cells.emplace_back(is_there ? Cell(found->path) : Cell());
    cells.emplace_back(is_there ? Cell(found->sha256) : Cell());
  } else {
    const auto value = item.values.find(output.name);
    cells.emplace_back(value != item.values.end() ? Cell(value->second) : Cell());
  }
  if (!output.classes.empty()) cells.emplace_back(class_name(item, output));
  if (!output.has_flag) return;
  const auto flag = item.flags.find(output.name);
  cells.emplace_back(flag != item.flags.end() ? Cell(std::int64_t{flag->second}) : Cell());
}
}  // namespace

std::vector<TableColumn> columns_of(const std::vector<OutputColumn>& outputs) {
  std::vector<TableColumn> columns;
  const auto add_fixed = [&](const auto& fixed) {
    for (const auto& column : fixed)
      columns.push_back({std::string(column.name), column.type, std::string(column.unit), std::string(column.description)});
  };
  add_fixed(columns_before_outputs);
  for (const auto& output : outputs) {
    if (output.is_file) {
      columns.push_back({output.name + "_path", ColumnType::text, "", output.description + ": path in the output folder"});
      columns.push_back({output.name + "_sha256", ColumnType::text, "", output.description + ": SHA-256 of the file"});
    } else {
      columns.push_back({output.name, ColumnType::number, output.unit, output.description});
    }
    if (!output.classes.empty()) columns.push_back({output.name + "_class", ColumnType::text, "", "Name of the class"});
    if (output.has_flag)
      columns.push_back({output.name + "_flag", ColumnType::number, "",
                         output.classes.empty() ? "1 if " + output.name + " is at or above its flag_at, else 0"
                                                : "1 if the class of " + output.name + " is one that is flagged, else 0"});
  }
  add_fixed(columns_after_outputs);
  return columns;
}

std::string class_name(const ItemRecord& item, const OutputColumn& output) {
  const auto value = item.values.find(output.name);
  if (value == item.values.end()) return "";
  const auto name = std::ranges::find(output.classes, value->second, &std::pair<const int, std::string>::first);
  return name == output.classes.end() ? "" : name->second;
}

std::vector<Cell> cells_of(const ItemRecord& item, const JobRecord& job, const std::vector<OutputColumn>& outputs) {
  const Row row{item, job};
  std::vector<Cell> cells;
  cells.reserve(columns_before_outputs.size() + 3 * outputs.size() + columns_after_outputs.size());
#define AIDP_CELL(name, type, unit, description) cells.push_back(row.name());
#define AIDP_COLUMN_BEFORE AIDP_CELL
#include "core/base/result_columns.def"
  for (const auto& output : outputs) add_output(cells, item, output);
#define AIDP_COLUMN_ORIGIN AIDP_CELL
#define AIDP_COLUMN_PROVENANCE(name, type, unit, description) cells.push_back(cell_of(item.provenance.name, ColumnType::type));
#define AIDP_COLUMN_AFTER AIDP_CELL
#include "core/base/result_columns.def"
#undef AIDP_CELL
  return cells;
}

}  // namespace aidp
