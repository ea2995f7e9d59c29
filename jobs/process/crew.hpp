// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "jobs/process/frame.hpp"

namespace aidp {

using Clock = std::chrono::steady_clock;

// What a worker does not live to answer: it crashed, or was killed at its deadline.
struct Lost {
  Reason reason = Reason::worker_crashed;
  std::string message;
};
// The body that a worker answered with, why it could not do what it was asked, or that it ended.
using Reply = std::variant<std::string, Failure, Lost>;

struct Task {
  std::string op, body;  // of the request, see frame.hpp
  std::chrono::milliseconds timeout{60000};
  // Called once; but again, with Lost, if it throws BadReply: then the worker that said so is killed.
  std::function<void(Reply)> done;
};

// A request that each new worker must answer before any other.
struct Greeting {
  std::string op, body;
};

// A child process that answers requests in order. Its stderr is kept for the message of a failed start.
class WorkerProcess;

// Workers of one kind with several requests under way each. A worker that dies is started again: the request it was working on is
// Lost, the others that it had are given to its fellows. Single-threaded: callbacks run inside pump().
class Crew {
 public:
  struct Options {
    std::string program;                // "aidp-worker-dicom"
    int workers = 1;                    // at the start
    int most_workers = 0;               // that hire() comes to; 0: no more than at the start
    int depth = 2;                      // requests under way per worker
    int input_fd = -1, output_fd = -1;  // pools, see protocol.md
    std::vector<Greeting> greeting;     // a refusal ends the job
    std::chrono::milliseconds start_timeout{120000};
  };
  explicit Crew(Options options);
  ~Crew();
  Crew(const Crew&) = delete;

  void submit(Task task);
  // One more worker, if there may be one; the crew does without it where it cannot start.
  void hire();
  bool idle() const;                                                    // nothing queued or under way
  bool hungry() const;                                                  // a worker could take one more task at once
  bool ready() const;                                                   // every worker has answered its greeting
  const std::vector<std::string>& greeted() const { return greeted_; }  // replies of the first worker to its greeting

 private:
  friend void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most);
  struct Member;
  void start(Member& member);
  void feed();
  void give(Member& member, Task task);
  void service(Member& member);
  void answer(Member& member, std::string_view frame);
  void greet(Member& member, Reply reply);
  void check_deadline(Member& member);
  void lose(Member& member, Reason reason, const std::string& why);
  void bury_unborn(Member& member, const Error& why);

  Options options_;
  std::vector<std::unique_ptr<Member>> members_;
  std::deque<Task> queue_;
  std::vector<std::string> greeted_;
  std::int64_t next_id_ = 0;
};

// Waits for any worker, deadline or signal, and runs what came. Throws Error if a worker cannot start.
void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most);

// Pumps until `done()`.
template <class Done>
void pump_until(std::span<Crew* const> crews, Done done) {
  while (!done()) pump(crews, std::chrono::milliseconds(200));
}

// While it lives, SIGINT and SIGTERM are noted instead of killing; they interrupt pump(). A second signal kills at once.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  // 0, or the signal that came.
  static int received();
  // Throws Error(interrupted, terminated) if one came: for what has no use when it is done in part.
  static void check();
};

// Where workers lie: AIDP_WORKER_DIR, the folder of aidp, or ../libexec/aidp beside it. Throws Error(environment_lacking).
std::string find_worker(const std::string& program);

}  // namespace aidp
