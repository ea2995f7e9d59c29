// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace aidp {

namespace {
using Lengths = std::array<std::uint32_t, 2>;  // in bytes, of the CBOR and of the payload behind it
constexpr std::size_t longest = std::size_t{1} << 28;

[[noreturn]] void peer_gone() { throw Error(Reason::worker_crashed, "the other process closed its socket"); }
}  // namespace

void Channel::send(nlohmann::json& message) {
  nlohmann::json::binary_t payload;
  if (const auto own = message.find("payload"); own != message.end()) {
    payload = std::move(own->get_binary());
    message.erase(own);
  }
  std::string bytes(sizeof(Lengths), '\0');
  nlohmann::json::to_cbor(message, bytes);
  const Lengths lengths{static_cast<std::uint32_t>(bytes.size() - sizeof(Lengths)), static_cast<std::uint32_t>(payload.size())};
  std::memcpy(bytes.data(), lengths.data(), sizeof(Lengths));
  bytes.append(payload.begin(), payload.end());
  for (std::size_t done = 0; done < bytes.size();) {
    const auto sent = ::send(fd(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent >= 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd wait{fd(), POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      peer_gone();
    }
  }
}

bool Channel::fill() {
  std::array<char, 65536> buffer;
  for (;;) {
    const auto got = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0)
      incoming_.append(buffer.data(), static_cast<std::size_t>(got));
    else if (got == 0)
      return false;
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return true;
    else if (errno != EINTR)
      return false;
  }
}

std::optional<nlohmann::json> Channel::take() {
  Lengths lengths{};
  if (incoming_.size() < sizeof(lengths)) return std::nullopt;
  std::memcpy(lengths.data(), incoming_.data(), sizeof(lengths));
  const std::size_t length = std::size_t{lengths[0]} + lengths[1];
  if (length > longest) throw Error(Reason::worker_crashed, "a message of " + std::to_string(length) + " bytes is no message");
  if (incoming_.size() < sizeof(lengths) + length) return std::nullopt;
  const auto* head = incoming_.data() + sizeof(lengths);
  const auto* payload = head + lengths[0];
  auto message = nlohmann::json::from_cbor(head, payload, true, false);
  if (lengths[1] > 0 && message.is_object()) message["payload"] = nlohmann::json::binary({payload, payload + lengths[1]});
  incoming_.erase(0, sizeof(lengths) + length);
  if (!message.is_object()) throw Error(Reason::worker_crashed, "a malformed message");
  return message;
}

std::optional<nlohmann::json> Channel::receive() {
  for (;;) {
    if (auto message = take()) return message;
    pollfd wait{fd(), POLLIN, 0};
    if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return std::nullopt;
    if (!fill()) return take();
  }
}

}  // namespace aidp
