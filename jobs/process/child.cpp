// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/child.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace aidp {

namespace {
constexpr int child_wait_ms = 1000, stray_wait_ms = 100;  // for a killed process: freeing gigabytes takes a while
constexpr int rounds = 16;                                // of looking for strays, whose children become strays in turn

std::set<pid_t> living;
// The same for the signal handler; one beyond these has PR_SET_PDEATHSIG alone.
std::array<std::atomic<pid_t>, 512> groups{};
static_assert(std::atomic<pid_t>::is_always_lock_free);

void replace_group(pid_t from, pid_t to) {
  const auto place = std::ranges::find_if(groups, [&](const auto& group) { return group == from; });
  if (place != groups.end()) *place = to;
}

// This process's children that are no Child: what workers started and left behind.
std::vector<pid_t> strays() {
  std::vector<pid_t> found;
  std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  for (pid_t pid = 0; children >> pid;)
    if (!living.contains(pid)) found.push_back(pid);
  return found;
}

FileDescriptor handle_of(pid_t pid) { return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

// The status of a killed child, or nothing where it does not end in time.
std::optional<int> reap(pid_t pid, const FileDescriptor& handle, int wait_ms) {
  pollfd ended{handle.get(), POLLIN, 0};
  while (::poll(&ended, 1, wait_ms) < 0 && errno == EINTR) {
  }
  int status = 0;
  return ::waitpid(pid, &status, WNOHANG) == pid ? std::optional(status) : std::nullopt;
}

void end_strays() {
  for (int round = 0; round < rounds; ++round) {
    const auto found = strays();
    if (found.empty()) return;
    for (const auto pid : found) ::kill(pid, SIGKILL);
    std::size_t ended = 0;
    for (const auto pid : found) ended += reap(pid, handle_of(pid), stray_wait_ms).has_value();
    if (ended == 0) return;  // they hang in the kernel
  }
}
}  // namespace

Child::Child(pid_t pid) : pid_(pid), handle_(handle_of(pid)) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  living.insert(pid_);
  replace_group(0, pid_);
  if (!handle_) {
    end();
    throw_errno("cannot watch a process that was started");
  }
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), handle_(std::move(other.handle_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(handle_, other.handle_);
  return *this;
}

std::string Child::end() {
  if (pid_ <= 0) return {};
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);          // if it has not come to setsid() yet
  static bool one_hangs = false;  // in a dead mount its fellows hang too: the second is waited for once
  const auto status = reap(pid_, handle_, one_hangs ? stray_wait_ms : child_wait_ms);
  one_hangs |= !status;
  if (status) living.erase(pid_);  // else it is no stray: it has been killed already
  replace_group(std::exchange(pid_, -1), 0);
  end_strays();
  if (!status) return "signal 9 (Killed), but it still hangs in the kernel";
  if (WIFSIGNALED(*status)) return "signal " + std::to_string(WTERMSIG(*status)) + " (" + ::strsignal(WTERMSIG(*status)) + ")";
  return "exit code " + std::to_string(WEXITSTATUS(*status));
}

void kill_children() noexcept {
  for (const auto& group : groups)
    if (const pid_t pid = group; pid > 0) ::kill(-pid, SIGKILL);
}

}  // namespace aidp
