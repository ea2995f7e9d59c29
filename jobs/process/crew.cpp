// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/crew.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "jobs/process/worker_process.hpp"

namespace aidp {

namespace {
constexpr int starts_at_most = 3;                // of one worker in a row, until it answers its greeting
constexpr std::chrono::seconds away_at_most{1};  // between two pumps, in which no worker can be heard
}  // namespace

struct Crew::Member {
  struct Sent {
    std::int64_t id = 0;
    Task task;
  };
  std::unique_ptr<WorkerProcess> process;
  std::deque<Sent> under_way;         // in the order they were sent; the front is being worked on
  std::size_t greetings_due = 0;      // of them, at the front
  Clock::time_point deadline{};       // of the front
  int starts = 0, failed_starts = 0;  // in all; in a row
  bool extra = false;                 // hired: the others do without it, and then it has no process
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
  member.process = std::make_unique<WorkerProcess>(
      WorkerProcess::Launch{find_worker(options_.program), options_.input_fd, options_.output_fd, options_.memory_bytes});
  ++member.starts;
  member.greetings_due = options_.greeting.size();
  for (const auto& [op, body, check] : options_.greeting)
    give(member, {op, body, options_.start_timeout, [this, &member, check = check](Reply reply) {
                    if (const auto* answer = std::get_if<std::string>(&reply); answer && check) check(*answer);
                    greet(member, std::move(reply));
                  }});
}

void Crew::submit(Task task) {
  if (given_up_) throw *given_up_;
  queue_.push_back(std::move(task));
  feed();
}

void Crew::abandon() {
  queue_.clear();
  for (const auto& member : members_)
    for (auto i = member->greetings_due; i < member->under_way.size(); ++i) member->under_way[i].task.done = [](const Reply&) {};
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

bool Crew::one_has_started() const { return greeted_.size() >= options_.greeting.size(); }

bool Crew::ready() const {
  return one_has_started() &&
         std::ranges::none_of(members_, [](const auto& member) { return member->greetings_due > 0 && !member->extra; });
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
    return start_failed(member, Error(failure->reason, failure->message, failure->remedy), !one_has_started());
  if (!one_has_started()) greeted_.push_back(std::move(std::get<std::string>(reply)));
  if (--member.greetings_due == 0) member.failed_starts = 0;
}

// `ended`: the process is no more; its socket may be held open by what it started.
void Crew::service(Member& member, bool ended) {
  auto& channel = member.process->channel();
  const auto same = [&member, starts = member.starts] { return member.process && member.starts == starts; };  // as it was called for
  const bool open = channel.flush() && channel.fill() && !ended;
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
  const auto end = member.process->end();
  const auto words = member.process->last_words();
  const auto how = why.empty() ? "the worker ended with " + end : "the worker was stopped: " + why;
  if (member.greetings_due > 0) {
    const auto what = options_.program + " could not start: " + (words.empty() || !why.empty() ? how : words);
    return start_failed(member, Error(Reason::environment_lacking, what, "run `aidp validate environment`"),
                        reason == Reason::worker_timeout && !one_has_started());
  }
  auto under_way = std::exchange(member.under_way, {});
  start(member);
  if (under_way.empty()) return;
  auto culprit = std::move(under_way.front().task);
  under_way.pop_front();
  for (auto sent = under_way.rbegin(); sent != under_way.rend(); ++sent) queue_.push_front(std::move(sent->task));
  culprit.done(Lost{reason, how});
}

// A worker that did not come to its greeting. `for_good`: another would end no better.
void Crew::start_failed(Member& member, const Error& why, bool for_good) {
  member.process.reset();
  member.under_way.clear();
  member.greetings_due = 0;
  if (!for_good && ++member.failed_starts < starts_at_most) return start(member);
  const bool others = std::ranges::any_of(members_, [](const auto& other) { return other->process != nullptr; });
  if (others && (member.extra || one_has_started())) return;  // they do without it
  given_up_ = why;
  throw why;
}

// While the supervisor did something else, workers may have answered all that they could.
void Crew::excuse_absence() {
  const auto now = Clock::now();
  if (now - pumped_ < away_at_most) return;
  for (const auto& member : members_)
    if (!member->under_way.empty())
      member->deadline = std::min(member->deadline + (now - pumped_), now + member->under_way.front().task.timeout);
}

void pump(std::span<Crew* const> crews, std::chrono::milliseconds at_most) {
  std::vector<pollfd> descriptors{{SignalGuard::wake_fd(), POLLIN, 0}};
  std::vector<std::pair<Crew*, Crew::Member*>> owners;
  auto until = Clock::now() + at_most;
  for (auto* crew : crews) {
    crew->excuse_absence();
    for (const auto& member : crew->members_) {
      if (!member->process) continue;
      const auto& channel = member->process->channel();
      descriptors.push_back({channel.fd(), static_cast<short>(channel.unsent() ? POLLIN | POLLOUT : POLLIN), 0});
      descriptors.push_back({member->process->words_fd(), POLLIN, 0});
      descriptors.push_back({member->process->ended_fd(), POLLIN, 0});
      owners.emplace_back(crew, member.get());
      if (!member->under_way.empty()) until = std::min(until, member->deadline);
    }
  }
  const auto wait = std::max(std::chrono::nanoseconds::zero(), std::chrono::nanoseconds(until - Clock::now()));
  const timespec timeout{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
  if (::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) < 0) return;  // a signal came
  if (descriptors.front().revents != 0) SignalGuard::rest();
  for (std::size_t i = 0; i < owners.size(); ++i) {
    auto [crew, member] = owners[i];
    const auto* of_member = &descriptors[1 + 3 * i];
    if (of_member[1].revents != 0) member->process->hear();
    if (of_member[0].revents != 0 || of_member[2].revents != 0) crew->service(*member, of_member[2].revents != 0);
  }
  for (auto [crew, member] : owners) crew->check_deadline(*member);
  for (auto* crew : crews) {
    crew->feed();
    crew->pumped_ = Clock::now();
  }
}

}  // namespace aidp
