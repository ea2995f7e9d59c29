// SPDX-License-Identifier: Apache-2.0
#include "core/artefacts/hdf5.hpp"

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
#include "core/base/file.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr hsize_t rows_per_block = 1024;

// One growing 1-D dataset, written in blocks.
class Column {
 public:
  Column(hid_t group, const std::string& name, bool is_text)
      : is_text_(is_text), type_(is_text ? text_type() : H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose) {
    const hsize_t none = 0, unlimited = H5S_UNLIMITED;
    const Handle space(H5Screate_simple(1, &none, &unlimited), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    check_hdf5(H5Pset_chunk(properties, 1, &rows_per_block));
    check_hdf5(H5Pset_obj_track_times(properties, false));
    dataset_ = std::make_unique<Handle>(H5Dcreate2(group, name.c_str(), type_, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose);
  }

  void add(const json& value) {
    if (is_text_)
      texts_.push_back(value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump());
    else
      numbers_.push_back(value.is_number()    ? value.get<double>()
                         : value.is_boolean() ? value.get<bool>()
                                              : std::numeric_limits<double>::quiet_NaN());
    if (texts_.size() + numbers_.size() == rows_per_block) flush();
  }

  void flush() {
    const hsize_t count = texts_.size() + numbers_.size(), end = written_ + count;
    if (count == 0) return;
    check_hdf5(H5Dset_extent(*dataset_, &end));
    const Handle file_space(H5Dget_space(*dataset_), H5Sclose);
    check_hdf5(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &written_, nullptr, &count, nullptr));
    const Handle memory_space(H5Screate_simple(1, &count, nullptr), H5Sclose);
    std::vector<const char*> pointers;
    for (const auto& text : texts_) pointers.push_back(text.c_str());
    check_hdf5(H5Dwrite(*dataset_, type_, memory_space, file_space, H5P_DEFAULT,
                        is_text_ ? static_cast<const void*>(pointers.data()) : numbers_.data()));
    written_ = end;
    texts_.clear();
    numbers_.clear();
  }

 private:
  bool is_text_;
  Handle type_;
  std::unique_ptr<Handle> dataset_;
  std::vector<std::string> texts_;
  std::vector<double> numbers_;
  hsize_t written_ = 0;
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

// An item as one flat row: values, and flags as NAME_flag, beside its own fields.
json flat(json item) {
  for (const auto& [name, value] : item["values"].items()) item[name] = value;
  for (const auto& [name, value] : item["flags"].items()) item[name + "_flag"] = value;
  for (const char* gone : {"type", "values", "flags"}) item.erase(gone);
  return item;
}
}  // namespace

void write_hdf5(const std::filesystem::path& results_jsonl, const std::filesystem::path& file) {
  std::map<std::string, bool> is_text{{"key", true}, {"study_uid", true}, {"series_uid", true}, {"sop_uid", true}, {"outcome", true}};
  for_each_line(results_jsonl, [&](const json& line) {
    if (line.at("type") != "item") return;
    const auto row = flat(line);
    for (const auto& [name, value] : row.items())
      if (!value.is_null()) is_text[name] = is_text[name] || !(value.is_number() || value.is_boolean());
  });
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  publish_with(file, [&](const std::filesystem::path& temporary) {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    keep_little(access);
    const Handle root(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
    const Handle group(H5Gcreate2(root, "items", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    std::map<std::string, std::unique_ptr<Column>> columns;
    for (const auto& [name, text] : is_text) columns[name] = std::make_unique<Column>(group, name, text);
    for_each_line(results_jsonl, [&](const json& line) {
      if (line.at("type") == "job")
        for (const char* name : {"schema", "job", "model", "version", "model_digest"}) write_attribute(root, name, line.value(name, ""));
      if (line.at("type") != "item") return;
      const auto row = flat(line);
      for (const auto& [name, column] : columns) column->add(row.contains(name) ? row[name] : json());
    });
    for (const auto& [name, column] : columns) column->flush();
  });
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace aidp
