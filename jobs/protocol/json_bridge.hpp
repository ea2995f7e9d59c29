// SPDX-License-Identifier: Apache-2.0
// Messages as JSON, packed as MessagePack, until each has a type of its own.
#pragma once

#include <nlohmann/json.hpp>

#include "jobs/process/workforce.hpp"
#include "jobs/workers/serve.hpp"

namespace aidp {

inline std::string pack_json(const nlohmann::json& message) {
  std::string bytes;
  nlohmann::json::to_msgpack(message, bytes);
  return bytes;
}

// Throws Malformed.
inline nlohmann::json unpack_json(std::string_view bytes) {
  if (ElementCounter counter; !msgpack::parse(bytes.data(), bytes.size(), counter)) throw Malformed("it is cut short or nested too deeply");
  auto message = nlohmann::json::from_msgpack(bytes, true, false);
  if (!message.is_object()) throw Malformed("it is not an object");
  return message;
}

inline nlohmann::json json_of(const Failure& failure) {
  return {{"reason", name(failure.reason)}, {"message", failure.message}, {"remedy", failure.remedy}};
}
inline nlohmann::json json_failure_of(const std::exception& error) { return json_of(failure_of(error)); }

// A worker's side.
inline auto json_handler(std::function<nlohmann::json(const nlohmann::json&)> handler) {
  return [handler = std::move(handler)](std::string_view body) { return pack_json(handler(unpack_json(body))); };
}

// The supervisor's side. A Failure is an object with `reason`.
using JsonReply = std::variant<nlohmann::json, Lost>;

inline Task json_task(nlohmann::json request, std::chrono::milliseconds timeout, std::function<void(JsonReply)> done) {
  const auto op = request["op"].get<std::string>();
  request.erase("op");
  return {op, pack_json(request), timeout, [done = std::move(done)](Reply reply) {
            if (auto* lost = std::get_if<Lost>(&reply)) return done(std::move(*lost));
            if (auto* failure = std::get_if<Failure>(&reply)) return done(json_of(*failure));
            try {
              done(unpack_json(std::get<std::string>(reply)));
            } catch (const nlohmann::json::exception& error) {
              throw BadReply(error.what());
            } catch (const std::out_of_range& error) {
              throw BadReply(error.what());
            }
          }};
}

inline nlohmann::json ask_json(Crew& crew, nlohmann::json request, std::chrono::milliseconds timeout = std::chrono::seconds(120),
                               OnSignal on_signal = OnSignal::stop, const std::function<void()>& meanwhile = {}) {
  const auto op = request["op"].get<std::string>();
  request.erase("op");
  return unpack_json(Workforce::ask(crew, op, pack_json(request), timeout, on_signal, meanwhile));
}

}  // namespace aidp
