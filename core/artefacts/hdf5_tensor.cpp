// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/artefacts/hdf5.hpp"
#include "core/artefacts/hdf5_handle.hpp"

namespace aidp {

namespace {
void write_numbers(hid_t object, const char* name, std::span<const double> values, const std::vector<hsize_t>& shape) {
  const Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose);
  const Handle attribute(H5Acreate2(object, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check_hdf5(H5Awrite(attribute, H5T_NATIVE_DOUBLE, values.data()));
}

void write_number(hid_t object, const char* name, std::int64_t value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(H5Acreate2(object, name, H5T_NATIVE_INT64, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check_hdf5(H5Awrite(attribute, H5T_NATIVE_INT64, &value));
}

void write_attributes(hid_t object, const nlohmann::json& attributes) {
  for (const auto& [name, value] : attributes.items())
    value.is_number() ? write_number(object, name.c_str(), value) : write_attribute(object, name.c_str(), value.get<std::string>());
}

hid_t open_or_make(const std::filesystem::path& file, const nlohmann::json& attributes) {
  if (std::filesystem::exists(file)) return H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t made = H5Fcreate(file.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  if (made >= 0) write_attributes(made, attributes);
  return made;
}
}  // namespace

void add_tensor(const std::filesystem::path& file, const nlohmann::json& file_attributes, const Tensor& tensor) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const std::vector<hsize_t> shape(tensor.shape.begin(), tensor.shape.end());
  hsize_t bytes = sizeof(float);
  for (const auto size : shape) bytes *= size;
  if (bytes > tensor.values.size()) throw Error(Reason::internal, "a tensor is larger than its room");
  const Handle root(open_or_make(file, file_attributes), H5Fclose);
  const Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  check_hdf5(H5Pset_obj_track_times(properties, false));
  const Handle data(H5Dcreate2(root, tensor.name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose);
  check_hdf5(H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()));
  write_attributes(data, tensor.attributes);
  if (tensor.affine) write_numbers(data, "affine_lps", *tensor.affine, {4, 4});
}

}  // namespace aidp
