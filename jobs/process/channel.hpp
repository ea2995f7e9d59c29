// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/file.hpp"

namespace aidp {

// Framed messages over a stream socket between two processes of one machine: two lengths, the CBOR (RFC 8949) of all but `payload`, and
// as they are the bytes of that, which a message may have.
// The supervisor's side is used with poll() and non-blocking reads; a worker's side blocks.
class Channel {
 public:
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}
  int fd() const { return socket_.get(); }

  // Blocks until all is sent; takes the payload out of the message. Throws Error(worker_crashed) if the peer is gone.
  void send(nlohmann::json& message);
  // Blocks for one message; nothing at the end of the stream.
  std::optional<nlohmann::json> receive();
  // Reads what is there without blocking; false at the end of the stream.
  bool fill();
  // A whole message that fill() has brought, if any. Throws Error(worker_crashed) on a malformed one.
  std::optional<nlohmann::json> take();

 private:
  FileDescriptor socket_;
  std::string incoming_;
};

}  // namespace aidp
