// SPDX-License-Identifier: Apache-2.0
#pragma once

// Internal to the aidp_hdf5 library.
#include <hdf5.h>

#include <string>

#include "core/base/error.hpp"

namespace aidp {

inline void check_hdf5(long status) {
  if (status < 0) throw Error(Reason::io_failed, "HDF5 cannot write its file", "check that the folder exists and the disk is not full");
}

// A handle of the HDF5 library, closed by its own function; a negative one is an error.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) { check_hdf5(id); }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// Of variable length, UTF-8.
inline hid_t text_type() {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

inline void write_attribute(hid_t object, const char* name, const std::string& value) {
  const Handle type(text_type(), H5Tclose);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  const char* text = value.c_str();
  check_hdf5(H5Awrite(attribute, type, static_cast<const void*>(&text)));
}

}  // namespace aidp
