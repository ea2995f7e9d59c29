// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "core/base/file.hpp"

namespace aidp {

// A child process that leads a session and a process group of its own. All that it started ends with it: its group is killed, and what has
// left that is this process's child (PR_SET_CHILD_SUBREAPER), as this process starts nothing else.
class Child {
 public:
  Child() = default;
  // `pid`: from fork(), whose child calls setsid().
  explicit Child(pid_t pid);  // throws as throw_errno() does
  ~Child() { end(); }
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  int ended_fd() const { return handle_.get(); }  // readable when it has ended, even if its socket is held open by what it started

  // Kills it, if it is still there, and says how it ended: "exit code 1", "signal 11 (Segmentation fault)". Waits a second at most,
  // and once one did not end a tenth: what hangs in the kernel, in a dead mount, is left to itself.
  std::string end();

 private:
  pid_t pid_ = -1;
  FileDescriptor handle_;
};

// Kills every Child's group; for a signal handler.
void kill_children() noexcept;

}  // namespace aidp
