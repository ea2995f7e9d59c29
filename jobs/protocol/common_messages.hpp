// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "jobs/protocol/message.hpp"

namespace aidp {

// What any worker is asked.

// Whether it is there, and which it is.
struct HelloReply {
  std::string role;
  AIDP_PACKED(role)
};
struct HelloRequest {
  static constexpr const char* op = "hello";
  using Reply = HelloReply;
  std::string role;  // reader, writer, model
  AIDP_PACKED(role)
};

// What it has to work with: libraries, codecs, devices.
struct EnvironmentFact {
  std::string what, value;
  AIDP_PACKED(what, value)
};
struct EnvironmentReply {
  std::vector<EnvironmentFact> facts;
  AIDP_PACKED(facts)
};
struct EnvironmentRequest {
  static constexpr const char* op = "environment";
  using Reply = EnvironmentReply;
  AIDP_PACKED()
};

}  // namespace aidp
