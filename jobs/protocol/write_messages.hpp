// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "jobs/protocol/message.hpp"

namespace aidp {

// What a writer is asked: it writes results and reads nothing of a patient but what lies in the output pool.

// An output's file of one item, published whole.
struct WriteOutputReply {
  std::string sha256;  // of the file, hex
  AIDP_PACKED(sha256)
};
struct WriteOutputRequest {
  static constexpr const char* op = "write_output";
  using Reply = WriteOutputReply;
  std::string writer;        // of jobs/workers/writers
  std::uint64_t offset = 0;  // in the output pool
  ImageHeader image;         // what lies there
  std::string path;
  AIDP_PACKED(writer, offset, image, path)
};

// results.h5 from the JSON lines file `source`. `longest`: the bytes of each column's longest text.
struct WriteHdf5Request {
  static constexpr const char* op = "write_hdf5";
  using Reply = Done;
  std::string source, path;
  std::vector<std::size_t> longest;
  AIDP_PACKED(source, path, longest)
};

// A dataset added to an HDF5 file, which is made where it is not there. `place`: of float32 in the output pool.
struct WriteTensorRequest {
  static constexpr const char* op = "write_tensor";
  using Reply = Done;
  Place place;
  std::vector<std::int64_t> shape;
  std::optional<Affine> affine;
  std::string path, name;
  std::map<std::string, std::string> attributes;
  std::int64_t frame = 0;  // from 1, an attribute too; 0: none
  std::map<std::string, std::string> file_attributes;
  AIDP_PACKED(place, shape, affine, path, name, attributes, frame, file_attributes)
};

}  // namespace aidp
