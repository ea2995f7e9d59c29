// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/file.hpp"

namespace aidp {

// Frames over a stream socket between two processes of one machine: a length (uint32, little-endian) and so many bytes, which frame.hpp
// reads.
class Channel {
 public:
  static constexpr std::size_t longest_answer = std::size_t{64} << 20;  // in bytes: a worker that says more has lost its mind
  static constexpr std::size_t longest_request = std::numeric_limits<std::uint32_t>::max();

  // `longest`: of a frame that comes, in bytes.
  Channel(FileDescriptor socket, std::size_t longest) : socket_(std::move(socket)), longest_(longest) {}
  int fd() const { return socket_.get(); }

  // A worker's side, which blocks. Throws Error(worker_crashed) if the supervisor is gone; nothing at the end of the stream.
  void send(std::string_view frame);
  std::optional<std::string_view> receive();  // valid until the next call

  // The supervisor's side, which goes by poll() and never blocks.
  void put(std::string_view frame);  // for flush()
  bool unsent() const { return sent_ < outgoing_.size(); }
  bool flush();  // sends what the socket takes; false if the peer is gone
  bool fill();   // reads at most 1 MiB of what is there; false at the end of the stream
  // A frame that fill() has brought whole, valid until the next fill(). Throws Malformed as soon as a longer one is announced.
  std::optional<std::string_view> take();

 private:
  FileDescriptor socket_;
  std::size_t longest_;
  std::string outgoing_, incoming_;
  std::size_t sent_ = 0, taken_ = 0;
};

}  // namespace aidp
