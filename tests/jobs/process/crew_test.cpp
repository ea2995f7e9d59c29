// SPDX-License-Identifier: Apache-2.0
// The crew against a worker that does all that a worker must not do (tests/jobs/fake/fake_worker.cpp).
#include "jobs/process/crew.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "core/base/file.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;
using namespace std::chrono_literals;

namespace {
constexpr auto patience = 60s;  // for an honest answer on a busy machine
constexpr auto short_limit = 300ms;

Crew::Options fake(int workers = 1) { return {.program = "aidp-worker-fake", .workers = workers, .depth = 2}; }

void wait_for(Crew& crew) {
  const std::array crews{&crew};
  pump_until(crews, [&] { return crew.idle(); });
}

Reply ask(Crew& crew, const std::string& op, const std::string& body = {}, std::chrono::milliseconds timeout = patience) {
  std::optional<Reply> answer;
  crew.submit({op, body, timeout, [&](Reply reply) { answer = std::move(reply); }});
  wait_for(crew);
  return answer.value();
}

std::string said(Crew& crew, const std::string& op, const std::string& body = {}) { return std::get<std::string>(ask(crew, op, body)); }

// Processes that have `mark` in their environment, which a worker's children inherit.
std::vector<std::string> marked(const std::string& mark) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "environ");
    const std::string environment{std::istreambuf_iterator(file), {}};
    if (environment.find("AIDP_MARK=" + mark) != std::string::npos && std::filesystem::exists(entry.path() / "exe", ignored))
      found.push_back(entry.path().filename());
  }
  return found;
}

struct Marked {
  explicit Marked(const std::string& name) : mark(name + std::to_string(::getpid()) + ";") { ::setenv("AIDP_MARK", mark.c_str(), 1); }
  ~Marked() { ::unsetenv("AIDP_MARK"); }
  std::string mark;
};

long peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

struct Lie {
  const char *op, *body;
  Reason cost;
};
}  // namespace

TEST_CASE("a worker that lies, stalls, floods or dies costs the request that it was working on, and no other") {
  const auto lie = GENERATE(
      Lie{"garbage", "", Reason::worker_crashed}, Lie{"announce", "4294967295", Reason::worker_crashed},
      Lie{"announce", "1000", Reason::worker_timeout}, Lie{"half", "an answer", Reason::worker_timeout},
      Lie{"endless", "", Reason::worker_crashed}, Lie{"flood", "", Reason::worker_crashed}, Lie{"spam", "", Reason::worker_crashed},
      Lie{"nested", "", Reason::worker_crashed}, Lie{"bodyless", "", Reason::worker_crashed}, Lie{"odd_reason", "", Reason::worker_crashed},
      Lie{"wrong_id", "", Reason::worker_crashed}, Lie{"out_of_order", "", Reason::worker_crashed},
      Lie{"close", "", Reason::worker_crashed}, Lie{"exit", "0", Reason::worker_crashed}, Lie{"die", "11", Reason::worker_crashed},
      Lie{"hang", "", Reason::worker_timeout}, Lie{"stop", "", Reason::worker_timeout}, Lie{"chatter", "", Reason::worker_timeout},
      Lie{"bear", "0", Reason::worker_crashed}, Lie{"bear", "", Reason::worker_timeout});
  const int workers = GENERATE(1, 2);
  CAPTURE(lie.op, lie.body, workers);
  const Marked marked_by("lie");
  {
    Crew crew(fake(workers));
    const auto limit = lie.cost == Reason::worker_timeout ? std::chrono::milliseconds(short_limit) : patience;
    std::optional<Reply> answer;
    crew.submit({lie.op, lie.body, limit, [&](Reply reply) { answer = std::move(reply); }});
    std::vector<std::string> echoes;
    for (int i = 0; i < 6; ++i)
      crew.submit({"echo", std::to_string(i), patience, [&](Reply reply) { echoes.push_back(std::get<std::string>(reply)); }});
    wait_for(crew);
    REQUIRE(answer);
    REQUIRE(std::holds_alternative<Lost>(*answer));
    CHECK(std::get<Lost>(*answer).reason == lie.cost);
    CHECK(std::ranges::is_permutation(echoes, std::vector<std::string>{"0", "1", "2", "3", "4", "5"}));
  }
  CHECK(marked(marked_by.mark).empty());
  CHECK(peak_mib() < 512);
}

TEST_CASE("a second answer is no answer to the next request") {
  Crew crew(fake());
  std::vector<std::string> answers;
  int lost = 0;
  const auto note = [&](Reply reply) {
    if (const auto* body = std::get_if<std::string>(&reply))
      answers.push_back(*body);
    else
      ++lost;
  };
  crew.submit({"twice", "first", patience, note});
  crew.submit({"echo", "second", patience, note});
  crew.submit({"echo", "third", patience, note});
  wait_for(crew);
  CHECK(answers.front() == "first");
  CHECK(lost <= 1);
  CHECK(answers.size() + static_cast<std::size_t>(lost) == 3);
  CHECK(answers.back() == "third");
}

TEST_CASE("what a caller cannot read in an answer is the worker's crash") {
  Crew crew(fake());
  const auto pid = said(crew, "pid");
  std::vector<Reply> replies;
  crew.submit({"nested_body", {}, patience, [&](Reply reply) {
                 replies.push_back(std::move(reply));
                 if (const auto* body = std::get_if<std::string>(&replies.back())) unpacked<std::vector<int>>(*body);
               }});
  wait_for(crew);
  REQUIRE(replies.size() == 2);
  CHECK(std::get<Lost>(replies.back()).reason == Reason::worker_crashed);
  CHECK(said(crew, "pid") != pid);
}

TEST_CASE("requests and answers that exceed every buffer do not make crew and worker wait for each other") {
  auto options = fake();
  options.depth = 8;
  Crew crew(options);
  const std::string body(4 << 20, 'b');
  int echoed = 0;
  for (int i = 0; i < 16; ++i) crew.submit({"echo", body, patience, [&](Reply reply) { echoed += std::get<std::string>(reply) == body; }});
  wait_for(crew);
  CHECK(echoed == 16);
}

TEST_CASE("a worker that never reads costs its request, however much waits to be sent") {
  Crew crew(fake());
  const std::string body(4 << 20, 'b');
  std::optional<Reply> answer;
  crew.submit({"hang", body, short_limit, [&](Reply reply) { answer = std::move(reply); }});
  CHECK(said(crew, "echo", body) == body);
  CHECK(std::get<Lost>(answer.value()).reason == Reason::worker_timeout);
}

TEST_CASE("a worker that dies while it starts is started again, three times in a row at most") {
  const Scratch scratch;
  const auto count = (scratch.folder / "count").string();
  SECTION("at the first start") {
    auto options = fake();
    options.greeting = {{"die_at", "12 " + count}};
    Crew crew(options);
    CHECK(said(crew, "echo", "well") == "well");
  }
  SECTION("each time: then its last words are the error") {
    auto options = fake(2);
    options.greeting = {{"die_at", "123456 " + count}};
    Crew crew(options);
    CHECK_THROWS_WITH(ask(crew, "echo"), Catch::Matchers::Contains("no mood to start"));
    CHECK_THROWS_AS(crew.submit({"echo", {}, patience, [](const Reply&) {}}), Error);
  }
  SECTION("after one that worked: its requests are not lost by that") {
    auto options = fake();
    options.greeting = {{"die_at", "23 " + count}};
    Crew crew(options);
    CHECK(std::holds_alternative<Lost>(ask(crew, "die", "9")));
    CHECK(said(crew, "echo", "well") == "well");
  }
  SECTION("with fellows, who do without it") {
    auto options = fake(2);
    options.greeting = {{"die_at", "345 " + count}};
    Crew crew(options);
    const std::array crews{&crew};
    pump_until(crews, [&] { return crew.ready(); });
    CHECK(std::holds_alternative<Lost>(ask(crew, "die", "9")));
    for (int i = 0; i < 9; ++i) CHECK(said(crew, "echo", "well") == "well");
  }
}

TEST_CASE("what the first worker refuses at its greeting is an error; what it answers may be asked of the next") {
  auto options = fake();
  SECTION("refused") {
    options.greeting = {{"refuse", "no such device"}};
    Crew crew(options);
    try {
      ask(crew, "echo");
      FAIL("greeted");
    } catch (const Error& error) {
      CHECK(error.reason() == Reason::device_missing);
      CHECK(error.what() == std::string("no such device"));
    }
  }
  SECTION("another answer than the first worker's") {
    std::vector<std::string> answers;
    const auto check = [&](const std::string& answer) {
      if (answer == "cpu") throw BadReply("on the processor");
      answers.push_back(answer);
    };
    options.greeting = {{"echo", "auto", check}};
    Crew crew(options);
    CHECK(said(crew, "echo", "well") == "well");
    crew.greet_with({{"echo", "cuda:0", check}});
    CHECK(std::holds_alternative<Lost>(ask(crew, "die", "9")));
    CHECK(said(crew, "echo", "well") == "well");
    CHECK(answers == std::vector<std::string>{"auto", "cuda:0"});
    CHECK(crew.greeted() == std::vector<std::string>{"auto"});
    crew.greet_with({{"echo", "cpu", check}});
    ask(crew, "die", "9");
    CHECK_THROWS_WITH(ask(crew, "echo"), Catch::Matchers::Contains("on the processor"));
  }
}

TEST_CASE("a worker has a session, a folder and the listed environment of its own, no terminal, no input and no other descriptor") {
  ::setenv("SECRET_OF_A_CALLER", "1", 1);
  ::setenv("AIDP_OF_A_CALLER", "1", 1);
  const FileDescriptor open(::dup(STDERR_FILENO));  // without close-on-exec
  Crew crew(fake());
  ::unsetenv("SECRET_OF_A_CALLER");
  ::unsetenv("AIDP_OF_A_CALLER");
  CHECK(said(crew, "session") == "own");
  const auto environment = said(crew, "environment");
  CHECK_THAT(environment, !Catch::Matchers::Contains("SECRET_OF_A_CALLER") && Catch::Matchers::Contains("AIDP_OF_A_CALLER=1\n"));
  CHECK_THAT(environment, Catch::Matchers::Contains("TMPDIR=") && Catch::Matchers::Contains("/aidp-worker-"));
  const auto descriptors = said(crew, "descriptors");
  CHECK_THAT(descriptors, Catch::Matchers::StartsWith("0 /dev/null\n1 pipe:") && Catch::Matchers::Contains("\n3 socket:"));
  CHECK(std::ranges::count(descriptors, '\n') == 4);  // and two pools, which this crew has not
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a worker has no more memory than it may") {
  auto options = fake();
  options.memory_bytes = std::size_t{256} << 20;
  Crew crew(options);
  CHECK(said(crew, "allocate", "1000000") == "1000000");
  CHECK(said(crew, "allocate", std::to_string(std::size_t{1} << 30)) == "none");
}
#endif

TEST_CASE("a first signal ends the wait, a second one everything") {
  SECTION("a wait") {
    ::signal(SIGHUP, SIG_DFL);  // under nohup it would stay ignored, as it should
    const SignalGuard guard;
    Crew crew(fake());
    crew.submit({"hang", {}, patience, [](const Reply&) {}});
    const std::array crews{&crew};
    const int number = GENERATE(SIGINT, SIGTERM, SIGHUP);
    ::raise(number);
    REQUIRE(SignalGuard::received() == number);
    const auto began = Clock::now();
    CHECK_THROWS_AS(pump_until(crews, [] { return false; }), Error);
    pump(crews, patience);  // it is heard even though it came before the wait
    CHECK(Clock::now() - began < patience / 2);
  }
  SECTION("a process that computes, its worker and what that started") {
    const Marked marked_by("second");
    const pid_t child = ::fork();
    if (child == 0) {
      const SignalGuard guard;
      Crew crew(fake());
      crew.submit({"bear_one", {}, patience, [](const Reply&) {}});
      for (volatile bool computes = true; computes;) {
      }
    }
    while (marked(marked_by.mark).size() < 2) std::this_thread::yield();
    ::kill(child, SIGTERM);
    ::kill(child, SIGINT);
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK((WIFSIGNALED(status) && (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT)));
    while (!marked(marked_by.mark).empty()) std::this_thread::yield();  // they end at once, or this test never does
  }
}
