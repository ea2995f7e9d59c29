// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/packed.hpp"

namespace aidp {

namespace {
using Length = std::uint32_t;
static_assert(std::endian::native == std::endian::little);
constexpr std::size_t chunk = 65536, chunks_at_once = 16;
constexpr std::size_t kept = 1 << 20;  // of a buffer that is empty again

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// Drops the first `used` bytes, and the memory of a long frame once it is through.
void drop(std::string& buffer, std::size_t& used) {
  buffer.erase(0, used);
  used = 0;
  if (buffer.empty() && buffer.capacity() > kept) buffer = std::string();
}
}  // namespace

void Channel::put(std::string_view frame) {
  if (frame.size() > longest_request)
    throw Error(Reason::pixels_limit, "a request of " + std::to_string(frame.size()) + " bytes is too long");
  const auto length = static_cast<Length>(frame.size());
  outgoing_.append(reinterpret_cast<const char*>(&length), sizeof length);
  outgoing_.append(frame);
}

bool Channel::flush() {
  while (unsent()) {
    const auto sent = ::send(fd(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
      sent_ += static_cast<std::size_t>(sent);
    else if (would_block())
      return true;
    else if (errno != EINTR)
      return false;
  }
  drop(outgoing_, sent_);
  return true;
}

bool Channel::fill() {
  drop(incoming_, taken_);
  for (std::size_t i = 0; i < chunks_at_once; ++i) {
    const auto before = incoming_.size();
    incoming_.resize(before + chunk);
    const auto got = ::recv(fd(), incoming_.data() + before, chunk, MSG_DONTWAIT);
    incoming_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) return false;
    if (got < 0 && errno != EINTR) return would_block();
  }
  return true;
}

std::optional<std::string_view> Channel::take() {
  const auto waiting = std::string_view(incoming_).substr(taken_);
  Length length = 0;
  if (waiting.size() < sizeof length) return std::nullopt;
  std::memcpy(&length, waiting.data(), sizeof length);
  if (length > longest_)
    throw Malformed("it announces " + std::to_string(length) + " bytes; at most " + std::to_string(longest_) + " are allowed");
  if (waiting.size() - sizeof length < length) return std::nullopt;
  taken_ += sizeof length + length;
  return waiting.substr(sizeof length, length);
}

void Channel::send(std::string_view frame) {
  put(frame);
  while (flush() && unsent()) {
    pollfd wait{fd(), POLLOUT, 0};
    ::poll(&wait, 1, -1);
  }
  if (unsent()) throw Error(Reason::worker_crashed, "the other process closed its socket");
}

std::optional<std::string_view> Channel::receive() {
  for (;;) {
    if (auto frame = take()) return frame;
    pollfd wait{fd(), POLLIN, 0};
    if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return std::nullopt;
    if (!fill()) return take();
  }
}

}  // namespace aidp
