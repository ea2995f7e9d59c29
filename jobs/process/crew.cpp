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
  struct Sent {
    std::int64_t id = 0;
    Task task;
  };
  std::unique_ptr<WorkerProcess> process;
  std::deque<Sent> under_way;     // in the order they were sent; the front is being worked on
  std::size_t greetings_due = 0;  // of them, at the front
  Clock::time_point deadline{};   // of the front
  int starts = 0;
  bool extra = false;  // hired: the others do without it, and then it has no process
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
  ++member.starts;
  member.greetings_due = options_.greeting.size();
  for (const auto& greeting : options_.greeting)
    give(member, {greeting.op, greeting.body, options_.start_timeout, [this, &member](Reply reply) { greet(member, std::move(reply)); }});
}

void Crew::submit(Task task) {
  queue_.push_back(std::move(task));
  feed();
}

bool Crew::idle() const {
  return queue_.empty() &&
         std::ranges::all_of(members_, [](const auto& member) { return member->under_way.size() == member->greetings_due; });
}

bool Crew::hungry() const {
  return queue_.empty() && std::ranges::any_of(members_, [&](const auto& member) {
           return member->process && member->under_way.size() - member->greetings_due < static_cast<std::size_t>(options_.depth);
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
    give(*freest, std::move(task));
  }
}

// What a worker that is gone does not take is found out by service().
void Crew::give(Member& member, Task task) {
  if (member.under_way.empty()) member.deadline = Clock::now() + task.timeout;
  auto& channel = member.process->channel();
  channel.put(frame_of(Request{next_id_, task.op, task.body}));
  channel.flush();
  member.under_way.push_back({next_id_++, std::move(task)});
}

void Crew::answer(Member& member, std::string_view frame) {
  auto [id, said] = answer_in(frame);
  if (member.under_way.empty() || id != member.under_way.front().id) throw BadReply("it answered out of order");
  auto sent = std::move(member.under_way.front());
  member.under_way.pop_front();
  if (!member.under_way.empty()) member.deadline = Clock::now() + member.under_way.front().task.timeout;
  try {
    sent.task.done(std::visit([](auto& body) { return Reply(std::move(body)); }, said));
  } catch (const BadReply&) {
    member.under_way.push_front(std::move(sent));
    throw;
  }
}

void Crew::greet(Member& member, Reply reply) {
  if (const auto* failure = std::get_if<Failure>(&reply))
    return bury_unborn(member, Error(failure->reason, failure->message, failure->remedy));
  --member.greetings_due;
  if (greeted_.size() < options_.greeting.size()) greeted_.push_back(std::move(std::get<std::string>(reply)));
}

void Crew::service(Member& member) {
  auto& channel = member.process->channel();
  const auto same = [&member, starts = member.starts] { return member.process && member.starts == starts; };  // as it was called for
  const bool open = channel.flush() && channel.fill();
  try {
    while (same()) {
      const auto frame = channel.take();
      if (!frame) break;
      answer(member, *frame);
    }
  } catch (const BadReply& error) {
    return lose(member, Reason::worker_crashed, error.what());
  }
  if (!open && same()) lose(member, Reason::worker_crashed, {});
}

void Crew::check_deadline(Member& member) {
  if (member.under_way.empty() || Clock::now() < member.deadline) return;
  lose(member, Reason::worker_timeout, "no answer within " + std::to_string(member.under_way.front().task.timeout.count() / 1000) + " s");
}

// Ends a worker and starts another: the request that it was working on is lost, its fellows get the others.
void Crew::lose(Member& member, Reason reason, const std::string& why) {
  const auto words = member.process->last_words();
  const auto end = member.process->end();
  const auto how = why.empty() ? "the worker ended with " + end : "the worker was stopped: " + why;
  if (member.greetings_due > 0)
    return bury_unborn(member, Error(Reason::environment_lacking, options_.program + " could not start: " + (words.empty() ? how : words),
                                     "run `aidp validate environment`"));
  auto under_way = std::exchange(member.under_way, {});
  start(member);
  if (under_way.empty()) return;
  auto culprit = std::move(under_way.front().task);
  under_way.pop_front();
  for (auto sent = under_way.rbegin(); sent != under_way.rend(); ++sent) queue_.push_front(std::move(sent->task));
  culprit.done(Lost{reason, how});
}

// A worker that did not come to its greeting.
void Crew::bury_unborn(Member& member, const Error& why) {
  member.process.reset();
  member.under_way.clear();
  member.greetings_due = 0;
  if (!member.extra) throw why;
}

void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most) {
  std::vector<pollfd> descriptors;
  std::vector<std::pair<Crew*, Crew::Member*>> owners;
  auto until = Clock::now() + at_most;
  for (auto* crew : crews)
    for (const auto& member : crew->members_) {
      if (!member->process) continue;
      const auto& channel = member->process->channel();
      descriptors.push_back({channel.fd(), static_cast<short>(channel.unsent() ? POLLIN | POLLOUT : POLLIN), 0});
      owners.emplace_back(crew, member.get());
      if (!member->under_way.empty()) until = std::min(until, member->deadline);
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
