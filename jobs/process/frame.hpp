// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/error.hpp"
#include "core/base/packed.hpp"

namespace aidp {

// What a frame of a Channel holds: MessagePack, [id, op, body] from the supervisor and [id, done, body] from a worker. A body is bytes
// (bin), a packed message of jobs/protocol; of what could not be done (done: false) it is [reason, message, remedy].

// Why a worker could not do what it was asked, or one item of it.
struct Failure {
  Reason reason = Reason::internal;
  std::string message, remedy;
};

// A worker said what it may not say: that worker is killed, and what it was asked is Lost.
using BadReply = Malformed;

struct Request {
  std::int64_t id = 0;
  std::string_view op, body;  // of the frame
};
std::string frame_of(const Request& request);
Request request_in(std::string_view frame);  // throws Malformed

struct Answer {
  std::int64_t id = 0;
  std::variant<std::string, Failure> said;  // the body
};
std::string frame_of(const Answer& answer);
Answer answer_in(std::string_view frame);  // throws BadReply, also for a reason that there is not and for words without end

}  // namespace aidp
