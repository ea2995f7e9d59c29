// SPDX-License-Identifier: Apache-2.0
// The DICOM worker: reads headers and decodes pixels. The only process that parses a patient's bytes; it writes no file.
#include <iostream>

#include "core/base/text.hpp"
#include "core/dicom/codec/pixels.hpp"
#include "core/dicom/read/file.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "jobs/workers/decode.hpp"
#include "jobs/workers/handlers.hpp"
#include "jobs/workers/list.hpp"
#include "jobs/workers/scan.hpp"
#include "jobs/workers/stored_values.hpp"

int main() try {
  using namespace aidp;
  const PoolView images(input_pool_fd, PoolView::Access::write);
  start_dicom();
  Handlers handlers;
  add_handler<HelloRequest>(handlers, [](const HelloRequest&) { return HelloReply{"reader"}; });
  add_handler<ListRequest>(handlers, [](const ListRequest& request) { return list(request); });
  add_handler<LookRequest>(handlers, [](const LookRequest& request) { return look(request); });
  add_handler<HashRequest>(handlers, hash);
  handlers.emplace(ScanRequest::op, [](std::string_view body) { return scan(unpacked<ScanRequest>(body)); });
  add_handler<DirectoryRequest>(handlers, directory);
  add_handler<DecodeRequest>(handlers, [&](const DecodeRequest& request) { return decode(request, images); });
  add_handler<PixelsRequest>(handlers, stored_values);
  add_handler<EnvironmentRequest>(handlers, [](const EnvironmentRequest&) {
    return EnvironmentReply{{{"DCMTK", dcmtk_version()}, {"codecs", join(codec_names(), ", ")}}};
  });
  serve(handlers, after_the_model);
  return 0;
} catch (const aidp::Error& error) {  // the supervisor passes on what is said last
  std::cerr << error.what() << "; " << error.remedy() << '\n';
  return 1;
}
