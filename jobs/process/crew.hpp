// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "jobs/process/frame.hpp"
#include "jobs/process/signals.hpp"

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

// A request that each new worker must answer before any other. `check` throws BadReply for an answer that may not be.
struct Greeting {
  std::string op, body;
  std::function<void(const std::string& answer)> check{};
};

// Workers of one kind with several requests under way each. A worker that dies, hangs or says what it may not say is started again: the
// request it was working on is Lost, its fellows get the others. One that dies while it starts is started again too, a few times.
// Nothing that a worker does blocks the crew or takes memory without limit. Single-threaded: callbacks run inside pump().
class Crew {
 public:
  struct Options {
    std::string program;                // "aidp-worker-dicom"
    int workers = 1;                    // at the start
    int most_workers = 0;               // that hire() comes to; 0: no more than at the start
    int depth = 2;                      // requests under way per worker
    int input_fd = -1, output_fd = -1;  // pools, see protocol.md
    std::uint64_t memory_bytes = 0;     // see WorkerProcess::Launch
    std::vector<Greeting> greeting{};   // what the first worker refuses ends the job
    std::chrono::milliseconds start_timeout{120000};
  };
  explicit Crew(Options options);
  ~Crew();
  Crew(const Crew&) = delete;

  void submit(Task task);  // throws Error if no worker is left and none can be started
  // One more worker, if there may be one; the crew does without it where it cannot start.
  void hire();
  void greet_with(std::vector<Greeting> greeting) { options_.greeting = std::move(greeting); }  // the workers to come
  // No answer is waited for any more: what is queued is not asked, and what is under way is answered to nobody.
  void abandon();
  bool idle() const;                                                    // nothing queued or under way
  bool hungry() const;                                                  // a worker could take one more task at once
  bool ready() const;                                                   // every worker has answered its greeting
  const std::vector<std::string>& greeted() const { return greeted_; }  // answers of the first worker to its greeting

 private:
  friend void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most);
  struct Member;
  bool one_has_started() const;
  void start(Member& member);
  void feed();
  void give(Member& member, Task task);
  void service(Member& member, bool ended);
  void answer(Member& member, std::string_view frame);
  void greet(Member& member, Reply reply);
  void check_deadline(Member& member);
  void excuse_absence();
  void lose(Member& member, Reason reason, const std::string& why);
  void start_failed(Member& member, const Error& why, bool for_good);

  Options options_;
  std::vector<std::unique_ptr<Member>> members_;
  std::deque<Task> queue_;
  std::vector<std::string> greeted_;
  std::optional<Error> given_up_;  // why there is no worker any more
  Clock::time_point pumped_ = Clock::now();
  std::int64_t next_id_ = 0;
};

// Waits for any worker, deadline or signal, and runs what came; a signal only ends the wait. Throws Error if no worker can be started.
void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most);

enum class OnSignal { stop, finish };

// Pumps until `done()`. Throws as SignalGuard::check() does on a signal, unless what is waited for is to be finished all the same.
template <class Done>
void pump_until(std::span<Crew* const> crews, Done done, OnSignal on_signal = OnSignal::stop) {
  while (!done()) {
    if (on_signal == OnSignal::stop) SignalGuard::check();
    pump(crews, std::chrono::milliseconds(200));
  }
}

}  // namespace aidp
