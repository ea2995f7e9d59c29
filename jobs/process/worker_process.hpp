// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/base/file.hpp"
#include "jobs/process/channel.hpp"
#include "jobs/process/child.hpp"
#include "jobs/process/worker_folder.hpp"

namespace aidp {

// A worker program that runs: in a session of its own without a terminal, so that Ctrl-C reaches the supervisor alone; with its socket at
// 3, the pools at 4 and 5 and no other descriptor, /dev/null as its input, a TMPDIR of its own and the environment of worker_environment().
// It dies with the supervisor (PR_SET_PDEATHSIG), and before it where memory is short (oom_score_adj).
class WorkerProcess {
 public:
  struct Launch {
    std::string path;
    int input_fd = -1, output_fd = -1;  // pools
    std::uint64_t memory_bytes = 0;     // of its own at most, shared pools apart (RLIMIT_DATA); 0: no limit
  };
  explicit WorkerProcess(const Launch& launch);  // throws as throw_errno() does

  Channel& channel() { return channel_; }
  const Channel& channel() const { return channel_; }
  int words_fd() const { return words_.get(); }  // what it writes to stdout and stderr; -1 once it has closed them
  int ended_fd() const { return child_.ended_fd(); }
  void hear();  // reads some of that, without blocking, and keeps the end of it
  // Kills it and says how it ended, see Child.
  std::string end();
  // The last line that it wrote.
  std::string last_words() const;

 private:
  WorkerFolder folder_;
  FileDescriptor words_;
  std::string heard_;
  Channel channel_;
  Child child_;
};

// Where workers lie: in AIDP_WORKER_DIR, else in the folder of aidp, else in ../libexec/aidp beside it. Throws Error(environment_lacking).
std::string find_worker(const std::string& program);

}  // namespace aidp
