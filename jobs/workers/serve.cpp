// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/serve.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <new>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

nlohmann::json failure_of(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error))
    return {{"reason", name(own->reason())}, {"message", printable(own->what())}, {"remedy", own->remedy()}};
  if (dynamic_cast<const std::bad_alloc*>(&error)) return {{"reason", name(Reason::worker_memory)}, {"message", "out of memory"}};
  return {{"reason", name(Reason::internal)}, {"message", printable(error.what())}};
}

namespace {
// A worker allocates blocks of the same large sizes again and again: glibc would give each back to the kernel, which clears every page
// anew.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int large_bytes = 32 << 20;  // the most that glibc takes
  ::mallopt(M_MMAP_THRESHOLD, large_bytes);
  ::mallopt(M_TRIM_THRESHOLD, 4 * large_bytes);
#endif
}
}  // namespace

void serve(const Handlers& handlers) {
  keep_freed_memory();
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);  // a core file would hold a patient's image
  Channel channel{FileDescriptor(socket_fd)};
  while (const auto request = channel.receive()) {
    nlohmann::json reply;
    try {
      const auto handler = handlers.find(request->value("op", ""));
      if (handler == handlers.end()) throw Error(Reason::internal, "no operation '" + request->value("op", "") + "'");
      reply = handler->second(*request);
    } catch (const std::exception& error) {
      reply = failure_of(error);
    }
    reply["id"] = request->at("id");
    channel.send(reply);
  }
}

}  // namespace aidp
