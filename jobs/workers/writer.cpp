// SPDX-License-Identifier: Apache-2.0
// The writer: outputs' files, results.h5 and dumped tensors. It reads no file of a patient and no pixels but those that it is to write.
#include "core/artefacts/hdf5.hpp"
#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "jobs/protocol/write_messages.hpp"
#include "jobs/workers/handlers.hpp"
#include "jobs/workers/writers.hpp"

namespace aidp {

namespace {
WriteOutputReply write_output(const WriteOutputRequest& request, const PoolView& pool) {
  const auto writer = writers().find(request.writer);
  if (writer == writers().end()) throw Error(Reason::internal, "no writer is named '" + request.writer + "'");
  writer->second(request.path, request.image, pool.at({static_cast<std::size_t>(request.offset), request.image.bytes()}));
  return {hex(sha256_file(request.path))};
}

Done write_tensor(const WriteTensorRequest& request, const PoolView& pool) {
  nlohmann::json attributes = request.attributes;
  if (request.frame > 0) attributes["frame"] = request.frame;
  add_tensor(request.path, request.file_attributes,
             {.name = request.name,
              .shape = request.shape,
              .values = pool.at({static_cast<std::size_t>(request.place.offset), static_cast<std::size_t>(request.place.size)}),
              .affine = request.affine,
              .attributes = std::move(attributes)});
  return {};
}
}  // namespace

}  // namespace aidp

int main() {
  using namespace aidp;
  const PoolView pool(output_pool_fd, PoolView::Access::read);
  Handlers handlers;
  add_handler<HelloRequest>(handlers, [](const HelloRequest&) { return HelloReply{"writer"}; });
  add_handler<WriteOutputRequest>(handlers, [&](const WriteOutputRequest& request) { return write_output(request, pool); });
  add_handler<WriteHdf5Request>(handlers, [](const WriteHdf5Request& request) {
    write_hdf5(request.source, request.longest, request.path);
    return Done{};
  });
  add_handler<WriteTensorRequest>(handlers, [&](const WriteTensorRequest& request) { return write_tensor(request, pool); });
  add_handler<EnvironmentRequest>(handlers, [](const EnvironmentRequest&) { return EnvironmentReply{{{"HDF5", hdf5_version()}}}; });
  serve(handlers, after_the_model);
  return 0;
}
