// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace aidp {

// Writes results.h5 from results.jsonl: a group `items` with one 1-D dataset for each column that its first line names (UTF-8 texts, padded
// with zeros or, above 512 bytes, of variable length; numbers as float64, NaN if there is none), all of one length and in the file's order,
// with the attributes `units` and `description`; attributes of the root: schema, job, model. `longest`: of each column, the bytes of its
// longest text; Error(internal) for a longer one.
// Published whole. A library of its own (aidp_hdf5), linked by the writer: HDF5's start-up would cost `aidp` its 10 ms.
void write_hdf5(const std::filesystem::path& results_jsonl, const std::vector<std::size_t>& longest, const std::filesystem::path& file);
// What a model is given of one item.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> values;  // float32 in C order; may be longer
  std::optional<std::array<double, 16>> affine;
  nlohmann::json attributes;  // texts and whole numbers by name
};
// Adds a dataset to a file, which is made with its own attributes where it is not there.
void add_tensor(const std::filesystem::path& file, const nlohmann::json& file_attributes, const Tensor& tensor);
std::string hdf5_version();

}  // namespace aidp
