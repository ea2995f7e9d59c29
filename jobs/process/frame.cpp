// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/frame.hpp"

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t longest_words = 8192;  // in bytes, of a message or a remedy

using Bytes = msgpack::type::raw_ref;
Bytes bytes_of(std::string_view text) { return {text.data(), static_cast<std::uint32_t>(text.size())}; }
std::string_view view_of(const Bytes& bytes) { return {bytes.ptr, bytes.size}; }

struct PackedRequest {
  std::int64_t id = 0;
  std::string_view op;
  Bytes body;
  MSGPACK_DEFINE_ARRAY(id, op, body)
};

struct PackedAnswer {
  std::int64_t id = -1;
  bool done = false;
  Bytes body;
  MSGPACK_DEFINE_ARRAY(id, done, body)
};

struct PackedFailure {
  std::string_view reason, message, remedy;
  MSGPACK_DEFINE_ARRAY(reason, message, remedy)
};

Failure failure_in(std::string_view body) {
  const auto failure = unpacked<PackedFailure>(body);
  const auto reason = reason_named(failure.reason);
  if (!reason) throw BadReply("it gives an unknown reason");
  if (failure.message.size() > longest_words || failure.remedy.size() > longest_words) throw BadReply("its message is too long");
  return {*reason, printable(failure.message), printable(failure.remedy)};
}
}  // namespace

std::string frame_of(const Request& request) { return packed(PackedRequest{request.id, request.op, bytes_of(request.body)}); }

Request request_in(std::string_view frame) {
  const auto request = unpacked<PackedRequest>(frame);
  return {request.id, request.op, view_of(request.body)};
}

std::string frame_of(const Answer& answer) {
  if (const auto* body = std::get_if<std::string>(&answer.said)) return packed(PackedAnswer{answer.id, true, bytes_of(*body)});
  const auto& failure = std::get<Failure>(answer.said);
  const auto words = [](const std::string& text) { return std::string_view(text).substr(0, longest_words); };
  const auto body = packed(PackedFailure{name(failure.reason), words(failure.message), words(failure.remedy)});
  return packed(PackedAnswer{answer.id, false, bytes_of(body)});
}

Answer answer_in(std::string_view frame) {
  const auto answer = unpacked<PackedAnswer>(frame);
  if (!answer.body.ptr) throw BadReply("its answer has no body");
  if (answer.done) return {answer.id, std::string(view_of(answer.body))};
  return {answer.id, failure_in(view_of(answer.body))};
}

}  // namespace aidp
