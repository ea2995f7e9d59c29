// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "core/base/file.hpp"
#include "jobs/process/channel.hpp"
#include "jobs/process/worker_folder.hpp"

namespace aidp {

// One child process with its socket at 3, the pools at 4 and 5 and a TMPDIR of its own. It dies with the supervisor (PR_SET_PDEATHSIG) and
// is out of the terminal's process group, so that Ctrl-C reaches the supervisor alone. Killed and reaped on destruction.
class WorkerProcess {
 public:
  WorkerProcess(const std::string& path, int input_fd, int output_fd);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;

  Channel& channel() { return channel_; }
  pid_t pid() const { return pid_; }
  // Kills it, reaps it and says how it ended: "exit code 1", "signal 11 (Segmentation fault)".
  std::string end();
  // The last line that it wrote to stderr.
  std::string last_words() const;

 private:
  WorkerFolder folder_;
  FileDescriptor stderr_;
  Channel channel_;
  pid_t pid_ = -1;
};

}  // namespace aidp
