// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/worklist.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/base/file.hpp"
#include "core/base/from_charset.hpp"
#include "core/base/text.hpp"
#include "core/base/unicode.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t bytes_at_most = std::size_t{256} << 20;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[noreturn]] void wrong(const fs::path& file, std::int64_t line, const std::string& what) {
  throw Error(
      Reason::worklist_invalid, file.string() + ":" + std::to_string(line) + ": " + what,
      "the known columns are AccessionNumber, PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID and path; give at least one");
}

// AccessionNumber, accession_number and "Accession Number" are one.
std::optional<WorklistKey> key_named(std::string_view column) {
  std::string plain;
  for (const char c : lower(trim(column)))
    if (c != '_' && c != ' ') plain += c;
  using enum WorklistKey;
  static const std::map<std::string, WorklistKey> keys{{"accessionnumber", accession_number},
                                                       {"accession", accession_number},
                                                       {"patientid", patient_id},
                                                       {"studyinstanceuid", study_instance_uid},
                                                       {"studyuid", study_instance_uid},
                                                       {"seriesinstanceuid", series_instance_uid},
                                                       {"seriesuid", series_instance_uid},
                                                       {"sopinstanceuid", sop_instance_uid},
                                                       {"sopuid", sop_instance_uid},
                                                       {"path", path}};
  const auto found = keys.find(plain);
  return found == keys.end() ? std::nullopt : std::optional(found->second);
}

// The fields of one line (RFC 4180); nothing where a quote stays open.
std::optional<std::vector<std::string>> fields_of(std::string_view line, char separator) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
      fields.back() += line[++i];
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == separator && !quoted)
      fields.emplace_back();
    else
      fields.back() += line[i];
  }
  return quoted ? std::nullopt : std::optional(std::move(fields));
}

std::string line_of(std::vector<std::string> fields, char separator) {
  for (auto& field : fields) field = csv_quoted(field, separator);
  return join(fields, std::string{separator});
}

std::string absolute(const fs::path& worklist, const std::string& path) { return fs::absolute(worklist).parent_path() / path; }

char separator_of(const std::string& head) {
  return std::ranges::max(std::array{',', ';', '\t'}, {}, [&](char c) { return std::ranges::count(head, c); });
}

// What a spreadsheet puts before the head, as in "sep=;"; nothing of another line.
std::optional<char> separator_told(std::string_view line) {
  constexpr std::string_view tells = "sep=";
  const bool told = lower(line.substr(0, tells.size())) == tells && line.size() == tells.size() + 1;
  return told ? std::optional(line.back()) : std::nullopt;
}

// As UTF-8 without a byte order mark, and lines that end in a line feed: spreadsheets also export UTF-16, Windows-1252 and the line ends of
// old Macs.
std::string text_of(std::string content) {
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) content = from_charset(content, "UTF-16", 2);
  if (!is_utf8(content)) content = from_charset(content, "WINDOWS-1252");
  if (content.starts_with(byte_order_mark)) content.erase(0, byte_order_mark.size());
  if (content.find('\n') == std::string::npos) std::ranges::replace(content, '\r', '\n');
  return content;
}

class CsvRows {
 public:
  CsvRows(const fs::path& file, const std::string& head, std::int64_t line, std::optional<char> separator)
      : file_(file), separator_(separator.value_or(separator_of(head))) {
    const auto names = fields_of(head, separator_);
    if (!names) wrong(file, line, "a quote is not closed");
    for (const auto& name : *names) columns_.push_back(key_named(name));
    if (std::ranges::none_of(columns_, [](const auto& key) { return key.has_value(); }))
      wrong(file, line, "the first line has no known column");
  }

  void read(WorklistRow& row) const {
    auto fields = fields_of(row.text, separator_);
    if (!fields) wrong(file_, row.line, "a quote is not closed; a row is one line");
    if (fields->size() != columns_.size())
      wrong(file_, row.line, std::to_string(fields->size()) + " fields; the first line has " + std::to_string(columns_.size()));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i]) continue;
      auto& value = row.values[static_cast<std::size_t>(*columns_[i])];
      value = trim((*fields)[i]);
      if (*columns_[i] == WorklistKey::path && !value.empty()) (*fields)[i] = value = absolute(file_, value);
    }
    row.text = line_of(std::move(*fields), separator_);
  }

 private:
  const fs::path& file_;
  char separator_;
  std::vector<std::optional<WorklistKey>> columns_;
};

void read_json(const fs::path& file, WorklistRow& row) {
  auto json = nlohmann::json::parse(row.text, nullptr, false);
  if (!json.is_object()) wrong(file, row.line, "not a JSON object");
  for (auto& [name, value] : json.items()) {
    const auto key = key_named(name);
    if (!key || value.is_null()) continue;
    if (!value.is_string() && !value.is_number_integer()) wrong(file, row.line, "'" + printable(name) + "' must be text or a whole number");
    auto& text = row.values[static_cast<std::size_t>(*key)];
    text = value.is_string() ? std::string(trim(value.get_ref<const std::string&>())) : value.dump();
    if (*key == WorklistKey::path && !text.empty()) value = text = absolute(file, text);
  }
  row.text = json.dump();
}
}  // namespace

std::vector<fs::path> Worklist::paths() const {
  std::vector<fs::path> paths;
  for (const auto& row : rows)
    if (const auto& path = row[WorklistKey::path]; !path.empty()) paths.emplace_back(path);
  return paths;
}

Worklist read_worklist(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) throw Error(Reason::path_missing, "no such file: " + file.string(), "check the path");
  if (!fs::is_regular_file(file)) wrong(file, 1, "the worklist is not a regular file");
  const auto content = text_of(read_file(file, bytes_at_most));
  Worklist worklist{file, {}, {}};
  std::optional<CsvRows> csv;
  std::optional<char> separator;
  std::int64_t number = 0;
  for (auto& line : split(content, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (trim(line).empty()) continue;
    const bool json = !csv && line.starts_with('{');
    if (!json && !csv) {
      if (!separator && (separator = separator_told(line))) continue;
      worklist.head = line;
      csv.emplace(file, line, number, separator);
      continue;
    }
    WorklistRow row{.line = number, .text = line, .values = {}};
    json ? read_json(file, row) : csv->read(row);
    if (std::ranges::all_of(row.values, &std::string::empty)) wrong(file, number, "the row has no value in any known column");
    worklist.rows.push_back(std::move(row));
  }
  if (worklist.rows.empty()) wrong(file, 1, "the worklist has no rows");
  return worklist;
}

}  // namespace aidp
