// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/crew.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "jobs/process/worker_process.hpp"

namespace aidp {

namespace {
volatile sig_atomic_t signal_received = 0;

void note_signal(int number) {
  if (signal_received != 0) {
    ::signal(number, SIG_DFL);
    ::raise(number);
  }
  signal_received = number;
}

sigset_t stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}
}  // namespace

SignalGuard::SignalGuard() {
  signal_received = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  const auto set = stop_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);  // delivered only inside ppoll, so none is missed
}

SignalGuard::~SignalGuard() {
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  const auto set = stop_signals();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int SignalGuard::received() { return signal_received; }

void SignalGuard::check() {
  if (signal_received != 0)
    throw Error(signal_received == SIGINT ? Reason::interrupted : Reason::terminated, "stopped before the end", "run it again");
}

std::string find_worker(const std::string& program) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto own = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<fs::path> folders{own, own.parent_path() / "libexec" / "aidp"};
  if (const char* named = std::getenv("AIDP_WORKER_DIR")) folders = {named};
  for (const auto& folder : folders)
    if (::access((folder / program).c_str(), X_OK) == 0) return folder / program;
  throw Error(Reason::environment_lacking, "no " + program + " beside aidp, in " + folders.back().string(),
              "install the whole package or name its folder in AIDP_WORKER_DIR");
}

struct Crew::Member {
  std::unique_ptr<WorkerProcess> process;
  std::deque<Task> under_way;  // in the order they were sent; the front is being worked on
  std::size_t greetings_due = 0;
  Clock::time_point deadline{};  // of the front, or of the greeting
  bool extra = false;            // hired: if it cannot start the others do without it, and it stays without a process
  bool ready() const { return process && greetings_due == 0; }
};

Crew::Crew(Options options) : options_(std::move(options)) {
  options_.most_workers = std::max(options_.workers, options_.most_workers);
  for (int i = 0; i < options_.workers; ++i) {
    members_.push_back(std::make_unique<Member>());
    start(*members_.back());
  }
}

void Crew::hire() {
  if (members_.size() >= static_cast<std::size_t>(options_.most_workers)) return;
  members_.push_back(std::make_unique<Member>());
  members_.back()->extra = true;
  start(*members_.back());
}

Crew::~Crew() = default;

void Crew::start(Member& member) {
  member.process = std::make_unique<WorkerProcess>(find_worker(options_.program), options_.input_fd, options_.output_fd);
  member.greetings_due = options_.greeting.size();
  member.deadline = Clock::now() + options_.start_timeout;
  try {
    for (auto greeting : options_.greeting) {
      greeting["id"] = next_id_++;
      member.process->channel().send(greeting);
    }
  } catch (const Error&) {
    bury(member, Reason::worker_crashed, {});  // it is gone already: bury() says why
  }
}

void Crew::submit(Task task) {
  queue_.push_back(std::move(task));
  feed();
}

bool Crew::idle() const {
  return queue_.empty() && std::ranges::all_of(members_, [](const auto& member) { return member->under_way.empty(); });
}

bool Crew::hungry() const {
  return queue_.empty() && std::ranges::any_of(members_, [&](const auto& member) {
           return member->process && member->under_way.size() < static_cast<std::size_t>(options_.depth);
         });
}

bool Crew::ready() const {
  return std::ranges::all_of(members_, [](const auto& member) { return member->ready() || member->extra; });
}

void Crew::feed() {
  while (!queue_.empty()) {
    Member* freest = nullptr;
    for (const auto& member : members_)
      if (member->ready() && member->under_way.size() < static_cast<std::size_t>(options_.depth) &&
          (!freest || member->under_way.size() < freest->under_way.size()))
        freest = member.get();
    if (!freest) return;
    auto task = std::move(queue_.front());
    queue_.pop_front();
    task.request["id"] = next_id_++;
    if (freest->under_way.empty()) freest->deadline = Clock::now() + task.timeout;
    freest->under_way.push_back(std::move(task));
    try {
      freest->process->channel().send(freest->under_way.back().request);
    } catch (const Error&) {
      bury(*freest, Reason::worker_crashed, {});
    }
  }
}

void Crew::answer(Member& member, nlohmann::json reply) {
  if (member.greetings_due > 0) {
    if (reply.contains("reason") && member.extra) return bury(member, Reason::model_load, {});
    if (reply.contains("reason")) {
      const auto reason = reason_named(reply["reason"].get<std::string>()).value_or(Reason::internal);
      throw Error(reason, reply.value("message", options_.program + " refused to start"), reply.value("remedy", ""));
    }
    --member.greetings_due;
    if (greeted_.size() < options_.greeting.size()) greeted_.push_back(std::move(reply));
    return;
  }
  if (member.under_way.empty() || reply.value("id", std::int64_t{-1}) != member.under_way.front().request["id"])
    return bury(member, Reason::worker_crashed, "it answered out of order");
  auto task = std::move(member.under_way.front());
  member.under_way.pop_front();
  if (!member.under_way.empty()) member.deadline = Clock::now() + member.under_way.front().timeout;
  task.done(std::move(reply));
}

void Crew::service(Member& member) {
  const bool open = member.process->channel().fill();
  const auto* process = member.process.get();
  try {
    while (member.process.get() == process) {
      auto message = member.process->channel().take();
      if (!message) break;
      answer(member, std::move(*message));
    }
  } catch (const Error& error) {
    if (error.reason() != Reason::worker_crashed || (member.greetings_due > 0 && !member.extra)) throw;
    bury(member, Reason::worker_crashed, error.what());
  }
  if (!open && member.process.get() == process) bury(member, Reason::worker_crashed, {});
}

void Crew::check_deadline(Member& member) {
  if (member.under_way.empty() && member.greetings_due == 0) return;
  if (Clock::now() < member.deadline) return;
  const auto limit = member.greetings_due > 0 ? options_.start_timeout : member.under_way.front().timeout;
  bury(member, Reason::worker_timeout, "no answer within " + std::to_string(limit.count() / 1000) + " s");
}

void Crew::bury(Member& member, Reason reason, const std::string& why) {
  const bool was_starting = member.greetings_due > 0;
  const auto words = member.process->last_words();
  const auto end = member.process->end();
  member.process.reset();
  member.greetings_due = 0;
  if (was_starting && member.extra) return;
  if (was_starting)
    throw Error(Reason::environment_lacking, options_.program + " could not start: " + (words.empty() ? end : words),
                "run `aidp validate environment`");
  auto under_way = std::exchange(member.under_way, {});
  start(member);
  if (under_way.empty()) return;
  auto culprit = std::move(under_way.front());
  under_way.pop_front();
  for (auto task = under_way.rbegin(); task != under_way.rend(); ++task) queue_.push_front(std::move(*task));
  culprit.done(Lost{reason, "the worker ended with " + end + (why.empty() ? "" : ": " + why)});
}

void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most) {
  std::vector<pollfd> descriptors;
  std::vector<std::pair<Crew*, Crew::Member*>> owners;
  auto until = Clock::now() + at_most;
  for (auto* crew : crews)
    for (const auto& member : crew->members_) {
      if (!member->process) continue;
      descriptors.push_back({member->process->channel().fd(), POLLIN, 0});
      owners.emplace_back(crew, member.get());
      if (!member->under_way.empty() || member->greetings_due > 0) until = std::min(until, member->deadline);
    }
  const auto wait = std::max(std::chrono::nanoseconds::zero(), std::chrono::nanoseconds(until - Clock::now()));
  const timespec timeout{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
  sigset_t open;
  ::sigemptyset(&open);
  if (::ppoll(descriptors.data(), descriptors.size(), &timeout, &open) < 0) return;  // a signal came
  for (std::size_t i = 0; i < owners.size(); ++i)
    if (descriptors[i].revents != 0) owners[i].first->service(*owners[i].second);
  for (auto [crew, member] : owners) crew->check_deadline(*member);
  for (auto* crew : crews) crew->feed();
}

}  // namespace aidp
