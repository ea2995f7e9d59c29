// SPDX-License-Identifier: Apache-2.0
// A worker that misbehaves as it is asked: a request's op names what it does, its body says how much. It is to the Crew what a worker is
// that a file or a model has taken over; lies inside of true messages are told by relay.py.
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "jobs/process/channel.hpp"
#include "jobs/process/frame.hpp"

namespace {
using namespace aidp;

struct Asked {
  std::int64_t id = 0;
  std::string op, body;
};

class FakeWorker {
 public:
  void serve() {
    while (auto asked = next()) act(*asked);
  }

 private:
  std::optional<Asked> next() {
    const auto frame = channel_.receive();
    if (!frame) return std::nullopt;
    const auto request = request_in(*frame);
    return Asked{request.id, std::string(request.op), std::string(request.body)};
  }

  void answer(std::int64_t id, std::string body) { channel_.send(frame_of(Answer{id, std::move(body)})); }

  void raw(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(channel_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) std::_Exit(0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  static std::string length(std::uint32_t bytes) { return {reinterpret_cast<const char*>(&bytes), sizeof bytes}; }

  [[noreturn]] static void silence() {
    for (;;) ::pause();
  }

  void act(const Asked& asked) {
    const auto action = actions.find(asked.op);
    if (action == actions.end()) throw Error(Reason::internal, "the fake worker knows no '" + asked.op + "'");
    (this->*action->second)(asked);
  }

  void echo(const Asked& asked) { answer(asked.id, asked.body); }
  void pid(const Asked& asked) { answer(asked.id, std::to_string(::getpid())); }
  void session(const Asked& asked) { answer(asked.id, ::getsid(0) == ::getpid() && ::getpgid(0) == ::getpid() ? "own" : "shared"); }
  void environment(const Asked& asked) {
    std::string all;
    for (char** variable = environ; *variable; ++variable) all += *variable + std::string("\n");
    answer(asked.id, all);
  }
  // The real paths of 0, 1, ... up to the last that is open, a line each.
  void descriptors(const Asked& asked) {
    std::string all;
    for (int fd = 0; fd < 64; ++fd) {
      char target[256];
      const auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
      if (size > 0) all += std::to_string(fd) + " " + std::string(target, static_cast<std::size_t>(size)) + "\n";
    }
    answer(asked.id, all);
  }
  void refuse(const Asked& asked) { channel_.send(frame_of(Answer{asked.id, Failure{Reason::device_missing, asked.body, {}}})); }
  // So many bytes of memory, touched.
  void allocate(const Asked& asked) try {
    const std::string memory(std::stoull(asked.body), 'x');
    answer(asked.id, std::to_string(memory.size()));
  } catch (const std::bad_alloc&) {
    answer(asked.id, "none");
  }

  void garbage(const Asked&) {
    std::mt19937 random(1);  // NOLINT: the same in every run
    std::string bytes(1000, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random() & 0x3f);  // announces less than is allowed
    raw(length(1000) + bytes);
    silence();
  }
  void announce(const Asked& asked) {  // so many bytes, of which none comes
    raw(length(static_cast<std::uint32_t>(std::stoull(asked.body))));
    silence();
  }
  void half(const Asked& asked) {
    const auto frame = frame_of(Answer{asked.id, asked.body});
    raw(length(static_cast<std::uint32_t>(frame.size())) + frame.substr(0, frame.size() / 2));
    silence();
  }
  void endless(const Asked&) {
    raw(length(Channel::longest_answer));
    for (const std::string zeros(1 << 20, '\0');;) raw(zeros);
  }
  void flood(const Asked&) {  // four processes fill the socket
    raw(length(Channel::longest_answer));
    for (int i = 0; i < 3 && ::fork() > 0; ++i) {
    }
    for (const std::string zeros(1 << 17, '\0');;) raw(zeros);
  }
  void spam(const Asked&) {
    const auto frame = frame_of(Answer{-1, std::string()});
    for (const auto one = length(static_cast<std::uint32_t>(frame.size())) + frame;;) raw(one);
  }
  void nested(const Asked&) {
    const std::string deep(5'000'000, '\x91');
    raw(length(static_cast<std::uint32_t>(deep.size())) + deep);
    silence();
  }
  void nested_body(const Asked& asked) { answer(asked.id, std::string(5'000'000, '\x91')); }
  void bodyless(const Asked& asked) {
    const auto frame = packed(std::tuple(asked.id, true));
    raw(length(static_cast<std::uint32_t>(frame.size())) + frame);
    silence();
  }
  void odd_reason(const Asked& asked) {
    const auto body = packed(std::tuple(std::string("no.such.reason"), std::string(), std::string()));
    const auto frame = packed(std::tuple(asked.id, false, msgpack::type::raw_ref(body.data(), static_cast<std::uint32_t>(body.size()))));
    raw(length(static_cast<std::uint32_t>(frame.size())) + frame);
    silence();
  }
  void wrong_id(const Asked& asked) {
    answer(asked.id + 7, asked.body);
    silence();
  }
  void twice(const Asked& asked) {
    answer(asked.id, asked.body);
    answer(asked.id, asked.body);
  }
  void out_of_order(const Asked& asked) {
    if (const auto other = next()) answer(other->id, other->body);
    answer(asked.id, asked.body);
  }

  void close_socket(const Asked&) {
    ::shutdown(channel_.fd(), SHUT_RDWR);
    silence();
  }
  void leave(const Asked& asked) { std::_Exit(std::stoi(asked.body)); }
  void die(const Asked& asked) {
    ::signal(std::stoi(asked.body), SIG_DFL);
    ::raise(std::stoi(asked.body));
  }
  // Among the first requests: "12 FILE" dies in the first and the second worker that does this; FILE keeps the count.
  void die_at(const Asked& asked) {
    const auto space = asked.body.find(' ');
    std::ofstream count(asked.body.substr(space + 1), std::ios::app);
    count << 'x' << std::flush;
    if (asked.body.substr(0, space).find(static_cast<char>('0' + count.tellp())) != std::string::npos) {
      std::cerr << "no mood to start" << std::endl;
      std::_Exit(1);
    }
    answer(asked.id, "started");
  }
  void hang(const Asked&) {
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
    silence();
  }
  void stop(const Asked&) {
    ::raise(SIGSTOP);
    silence();
  }
  void chatter(const Asked&) {  // to stderr, without end
    for (const std::string words(1 << 16, 'w');;)
      if (::write(STDERR_FILENO, words.data(), words.size()) < 0) silence();
  }
  // Leaves children behind that hold all its descriptors: one in its group, one that has left it, one that has left it twice.
  void bear(const Asked& asked) {
    if (::fork() == 0) silence();
    if (::fork() == 0) {
      ::setsid();
      if (::fork() == 0) {
        ::setsid();
        silence();
      }
      silence();
    }
    if (asked.body.empty()) silence();
    std::_Exit(std::stoi(asked.body));
  }

  void bear_one(const Asked&) {  // in its group
    ::fork();
    silence();
  }

  using Action = void (FakeWorker::*)(const Asked&);
  const std::map<std::string, Action> actions{{"echo", &FakeWorker::echo},
                                              {"pid", &FakeWorker::pid},
                                              {"session", &FakeWorker::session},
                                              {"environment", &FakeWorker::environment},
                                              {"descriptors", &FakeWorker::descriptors},
                                              {"refuse", &FakeWorker::refuse},
                                              {"allocate", &FakeWorker::allocate},
                                              {"garbage", &FakeWorker::garbage},
                                              {"announce", &FakeWorker::announce},
                                              {"half", &FakeWorker::half},
                                              {"endless", &FakeWorker::endless},
                                              {"flood", &FakeWorker::flood},
                                              {"spam", &FakeWorker::spam},
                                              {"nested", &FakeWorker::nested},
                                              {"nested_body", &FakeWorker::nested_body},
                                              {"bodyless", &FakeWorker::bodyless},
                                              {"odd_reason", &FakeWorker::odd_reason},
                                              {"wrong_id", &FakeWorker::wrong_id},
                                              {"twice", &FakeWorker::twice},
                                              {"out_of_order", &FakeWorker::out_of_order},
                                              {"close", &FakeWorker::close_socket},
                                              {"exit", &FakeWorker::leave},
                                              {"die", &FakeWorker::die},
                                              {"die_at", &FakeWorker::die_at},
                                              {"hang", &FakeWorker::hang},
                                              {"stop", &FakeWorker::stop},
                                              {"chatter", &FakeWorker::chatter},
                                              {"bear", &FakeWorker::bear},
                                              {"bear_one", &FakeWorker::bear_one}};
  Channel channel_{FileDescriptor(3), Channel::longest_request};
};
}  // namespace

int main() try {
  FakeWorker().serve();
  return 0;
} catch (const aidp::Error& error) {
  std::cerr << error.what() << std::endl;
  return 1;
}
