// SPDX-License-Identifier: Apache-2.0
#include "core/artefacts/hdf5.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>
#include <vector>

#include "core/artefacts/hdf5_handle.hpp"
#include "core/base/error.hpp"
#include "core/base/publish.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr hsize_t rows_per_block = 1024;

struct ColumnPlan {
  std::string name, unit, description;
  bool is_text = false;
  std::size_t longest = 1;  // bytes of the longest text
};

// Texts that repeat from row to row, as most do, shrink to next to nothing; those of variable length lie outside of what is compressed.
constexpr std::size_t longest_fixed = 512;

// One growing 1-D dataset, written in blocks.
class Column {
 public:
  Column(hid_t group, const ColumnPlan& plan)
      : is_text_(plan.is_text), width_(plan.longest <= longest_fixed ? plan.longest : 0), type_(type_of(plan), H5Tclose) {
    const hsize_t none = 0, unlimited = H5S_UNLIMITED;
    const Handle space(H5Screate_simple(1, &none, &unlimited), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    check_hdf5(H5Pset_chunk(properties, 1, &rows_per_block));
    check_hdf5(H5Pset_obj_track_times(properties, false));
    if (!is_text_ || width_ > 0) check_hdf5(H5Pset_deflate(properties, 1));
    dataset_ = std::make_unique<Handle>(H5Dcreate2(group, plan.name.c_str(), type_, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose);
    write_attribute(*dataset_, "units", plan.unit);
    write_attribute(*dataset_, "description", plan.description);
  }

  void add(const json& value) {
    if (is_text_)
      add_text(value.is_string() ? value.get_ref<const std::string&>() : value.is_null() ? "" : value.dump());
    else
      numbers_.push_back(value.is_number()    ? value.get<double>()
                         : value.is_boolean() ? value.get<bool>()
                                              : std::numeric_limits<double>::quiet_NaN());
    if (++rows_ == rows_per_block) flush();
  }

  void flush() {
    const hsize_t count = rows_, end = written_ + count;
    if (count == 0) return;
    check_hdf5(H5Dset_extent(*dataset_, &end));
    const Handle file_space(H5Dget_space(*dataset_), H5Sclose);
    check_hdf5(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &written_, nullptr, &count, nullptr));
    const Handle memory_space(H5Screate_simple(1, &count, nullptr), H5Sclose);
    std::vector<const char*> pointers;
    for (const auto& text : texts_) pointers.push_back(text.c_str());
    const void* data = !is_text_    ? static_cast<const void*>(numbers_.data())
                       : width_ > 0 ? fixed_.data()
                                    : static_cast<const void*>(pointers.data());
    check_hdf5(H5Dwrite(*dataset_, type_, memory_space, file_space, H5P_DEFAULT, data));
    written_ = end;
    rows_ = 0;
    texts_.clear();
    fixed_.clear();
    numbers_.clear();
  }

 private:
  static hid_t type_of(const ColumnPlan& plan) {
    if (!plan.is_text) return H5Tcopy(H5T_NATIVE_DOUBLE);
    if (plan.longest > longest_fixed) return text_type();
    const auto type = H5Tcopy(H5T_C_S1);
    check_hdf5(H5Tset_size(type, plan.longest));
    check_hdf5(H5Tset_cset(type, H5T_CSET_UTF8));
    check_hdf5(H5Tset_strpad(type, H5T_STR_NULLPAD));
    return type;
  }

  void add_text(const std::string& text) {
    if (width_ == 0) return texts_.push_back(text);
    if (text.size() > width_)
      throw Error(Reason::internal, "a text of " + std::to_string(text.size()) + " bytes where " + std::to_string(width_) + " were said");
    fixed_.append(text).append(width_ - text.size(), '\0');
  }

  bool is_text_;
  std::size_t width_;  // of a text; 0: variable
  Handle type_;
  std::unique_ptr<Handle> dataset_;
  std::vector<std::string> texts_;
  std::string fixed_;
  std::vector<double> numbers_;
  hsize_t rows_ = 0, written_ = 0;
};

// Blocks are written whole and never looked at again: kept, each column would take up to 1 MiB, and what describes them up to 32 MiB.
void keep_little(hid_t access) {
  check_hdf5(H5Pset_cache(access, 0, 0, 0, 0));
  H5AC_cache_config_t cache{};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  check_hdf5(H5Pget_mdc_config(access, &cache));
  cache.set_initial_size = true;
  cache.initial_size = cache.min_size = cache.max_size = 512 << 10;
  check_hdf5(H5Pset_mdc_config(access, &cache));
}

// Calls `visit` with each line's JSON.
void for_each_line(const std::filesystem::path& path, const std::function<void(const json&)>& visit) {
  std::ifstream stream(path);
  if (!stream) throw Error(Reason::io_failed, "cannot read " + path.string());
  for (std::string line; std::getline(stream, line);) visit(json::parse(line));
}

// What a line of an item says of a column. An artefact that an earlier aidp recorded names no output: it is of the only one.
json cell_of(const json& item, const std::string& column) {
  if (const auto found = item.find(column); found != item.end()) return *found;
  if (const auto found = item["values"].find(column); found != item["values"].end()) return *found;
  const auto part = column.rfind('_');
  if (part == std::string::npos) return {};
  const auto output = column.substr(0, part), field = column.substr(part + 1);
  if (field == "flag") return item["flags"].value(output, json());
  if (field == "class") return item.value("classes", json::object()).value(output, json());
  for (const auto& artefact : item["artefacts"])
    if (artefact["output"] == output || artefact["output"] == "") return artefact.value(field, json());
  return {};
}

// The first line names the columns.
std::vector<ColumnPlan> columns_in(const json& job, const std::vector<std::size_t>& longest) {
  std::vector<ColumnPlan> columns;
  for (const auto& column : job.at("columns"))
    columns.push_back({column.at("name"), column.at("unit"), column.at("description"), column.at("type") == "text",
                       std::max<std::size_t>(longest.at(columns.size()), 1)});
  return columns;
}
}  // namespace

void write_hdf5(const std::filesystem::path& results_jsonl, const std::vector<std::size_t>& longest, const std::filesystem::path& file) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  publish_with(file, [&](const std::filesystem::path& temporary) {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    keep_little(access);
    const Handle root(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
    const Handle group(H5Gcreate2(root, "items", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    std::vector<ColumnPlan> plans;
    std::vector<std::unique_ptr<Column>> columns;
    for_each_line(results_jsonl, [&](const json& line) {
      if (line.at("type") == "job") {
        for (const char* name : {"schema", "job", "model", "version", "model_digest", "purpose"})
          write_attribute(root, name, line.value(name, ""));
        plans = columns_in(line, longest);
        for (const auto& plan : plans) columns.push_back(std::make_unique<Column>(group, plan));
      }
      if (line.at("type") != "item") return;
      for (std::size_t i = 0; i < columns.size(); ++i) columns[i]->add(cell_of(line, plans[i].name));
    });
    for (const auto& column : columns) column->flush();
  });
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace aidp
