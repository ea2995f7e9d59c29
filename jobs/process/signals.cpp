// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/signals.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "jobs/process/child.hpp"

namespace aidp {

namespace {
constexpr std::array stop_signals{SIGINT, SIGTERM, SIGHUP};
volatile sig_atomic_t signal_received = 0;

// Made once and kept: a handler must never meet a descriptor that is being closed.
int wake() {
  static const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd;
}

// Never blocked outside itself, so a second signal is heard in a long computation and in a system call too.
void note_signal(int number) {
  const int before = errno;
  if (signal_received != 0) {
    kill_children();
    ::signal(number, SIG_DFL);
    ::raise(number);  // takes effect on return
  }
  signal_received = number;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake(), &one, sizeof one);
  errno = before;
}

bool ignored(int number) {
  struct sigaction now {};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}
}  // namespace

SignalGuard::SignalGuard() {
  rest();
  signal_received = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  for (const int number : stop_signals)
    if (number != SIGHUP || !ignored(number)) ::sigaction(number, &action, nullptr);
}

SignalGuard::~SignalGuard() {
  for (const int number : stop_signals)
    if (number != SIGHUP || !ignored(number)) ::signal(number, SIG_DFL);
}

int SignalGuard::received() { return signal_received; }

void SignalGuard::check() {
  if (signal_received != 0)
    throw Error(signal_received == SIGINT ? Reason::interrupted : Reason::terminated, "stopped before the end", "run it again");
}

int SignalGuard::wake_fd() { return wake(); }

void SignalGuard::rest() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake(), &count, sizeof count);
}

void settle_standard_streams() {
  ::signal(SIGPIPE, SIG_IGN);
  while (true) {
    FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!nothing || nothing.get() > STDERR_FILENO) return;
    ::fcntl(nothing.release(), F_SETFD, 0);  // it took the number of a closed stream, and stays
  }
}

}  // namespace aidp
