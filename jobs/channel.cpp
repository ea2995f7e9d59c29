// SPDX-License-Identifier: Apache-2.0
#include "jobs/channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace aidp {

namespace {
constexpr std::size_t prefix_bytes = 4;
constexpr std::size_t largest_message = std::size_t{1} << 28;

[[noreturn]] void peer_gone() { throw Error(Reason::worker_crashed, "the other process closed its socket"); }

std::uint32_t length_of(const std::string& bytes) {
  std::array<unsigned char, prefix_bytes> prefix;
  std::memcpy(prefix.data(), bytes.data(), prefix_bytes);
  return static_cast<std::uint32_t>(prefix[0] | prefix[1] << 8 | prefix[2] << 16) | static_cast<std::uint32_t>(prefix[3]) << 24;
}
}  // namespace

void Channel::send(const nlohmann::json& message) {
  std::string bytes(prefix_bytes, '\0');
  nlohmann::json::to_cbor(message, bytes);
  const auto length = static_cast<std::uint32_t>(bytes.size() - prefix_bytes);
  for (std::size_t i = 0; i < prefix_bytes; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
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
  if (incoming_.size() < prefix_bytes) return std::nullopt;
  const std::size_t length = length_of(incoming_);
  if (length > largest_message) throw Error(Reason::worker_crashed, "a message of " + std::to_string(length) + " bytes is no message");
  if (incoming_.size() < prefix_bytes + length) return std::nullopt;
  auto message = nlohmann::json::from_cbor(incoming_.begin() + prefix_bytes,
                                           incoming_.begin() + prefix_bytes + static_cast<std::ptrdiff_t>(length), true, false);
  incoming_.erase(0, prefix_bytes + length);
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
