// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/serve.hpp"

#include <malloc.h>

#include <new>

#include "core/base/error.hpp"
#include "core/base/plain_words.hpp"
#include "core/base/text.hpp"
#include "jobs/process/channel.hpp"

namespace aidp {

Failure failure_of(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return {own->reason(), printable(own->what()), own->remedy()};
  if (dynamic_cast<const std::bad_alloc*>(&error)) return {Reason::worker_memory, "out of memory", {}};
  return {Reason::internal, plain_words(error.what()), {}};
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

std::string answer_to(const Request& request, const Handlers& handlers) try {
  const auto handler = handlers.find(request.op);
  if (handler == handlers.end()) throw Error(Reason::internal, "this worker does not know the operation '" + std::string(request.op) + "'");
  auto frame = frame_of(Answer{request.id, handler->second(request.body)});
  if (frame.size() > Channel::longest_answer) throw Error(Reason::pixels_limit, "the answer is too long for one message");
  return frame;
} catch (const std::exception& error) {
  return frame_of(Answer{request.id, failure_of(error)});
}
}  // namespace

void serve(const Handlers& handlers) {
  keep_freed_memory();
  Channel channel(FileDescriptor(socket_fd), Channel::longest_request);
  while (const auto frame = channel.receive()) {
    const auto request = request_in(*frame);
    channel.send(answer_to(request, handlers));
  }
}

}  // namespace aidp
