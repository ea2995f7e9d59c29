// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/serve.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>

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

// Linux shares processor time among sessions first (autogroup, sched(7)), and a worker has a session of its own: beside others its own nice
// value says nothing, so its session gets it too. False: not yet, as the kernel wants a tenth of a second between two such calls of a user.
bool make_session_nice(int niceness) {
  const FileDescriptor group(::open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC));
  if (!group) return true;  // a kernel that has no such groups
  const auto text = std::to_string(niceness);
  return ::write(group.get(), text.data(), text.size()) >= 0 || errno != EAGAIN;
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

void serve(const Handlers& handlers, int niceness) {
  keep_freed_memory();
  ::nice(niceness);
  bool is_nice = niceness == 0;
  Channel channel(FileDescriptor(socket_fd), Channel::longest_request);
  while (const auto frame = channel.receive()) {
    const auto request = request_in(*frame);
    if (!is_nice) is_nice = make_session_nice(niceness);
    channel.send(answer_to(request, handlers));
  }
}

}  // namespace aidp
