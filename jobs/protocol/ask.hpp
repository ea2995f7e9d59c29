// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/packed.hpp"
#include "jobs/process/crew.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

// A checked reply, a checked failure of the whole request, or the loss of the worker.
template <class Request>
using Answered = std::variant<typename Request::Reply, Failure, Lost>;

// A request for Crew::submit(). Views in what `done` is given last as long as its call.
template <class Request>
Task task_of(Request request, std::chrono::milliseconds timeout, std::function<void(Answered<Request>)> done) {
  auto body = packed(request);
  return {Request::op, std::move(body), timeout, [request = std::move(request), done = std::move(done)](Reply reply) {
            if (auto* lost = std::get_if<Lost>(&reply)) return done(std::move(*lost));
            if (auto* failure = std::get_if<Failure>(&reply)) {
              check_failure(Request::op, *failure);
              return done(std::move(*failure));
            }
            auto said = unpacked<typename Request::Reply>(std::get<std::string>(reply));
            check(request, said);
            done(std::move(said));
          }};
}

// Asks one worker one thing and waits, once it has done what is to be done meanwhile. A request whose worker is lost is tried `attempts`
// times. Throws Error with the worker's reason.
template <class Request>
typename Request::Reply ask(Crew& crew, const Request& request, std::chrono::milliseconds timeout = std::chrono::minutes(2),
                            int attempts = 2, const std::function<void()>& meanwhile = {}, OnSignal on_signal = OnSignal::stop) {
  const std::array crews{&crew};
  for (int attempt = 1;; ++attempt) {
    const auto answer = std::make_shared<std::optional<Answered<Request>>>();  // outlives this call where something throws
    crew.submit(task_of<Request>(request, timeout, [answer](Answered<Request> said) { *answer = std::move(said); }));
    if (meanwhile && attempt == 1) meanwhile();
    pump_until(crews, [&] { return answer->has_value(); }, on_signal);
    if (auto* said = std::get_if<typename Request::Reply>(&**answer)) return std::move(*said);
    if (const auto* failure = std::get_if<Failure>(&**answer)) throw Error(failure->reason, failure->message, failure->remedy);
    const auto& lost = std::get<Lost>(**answer);
    if (attempt >= attempts) throw Error(lost.reason, lost.message);
  }
}

}  // namespace aidp
