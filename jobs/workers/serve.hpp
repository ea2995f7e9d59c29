// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "jobs/process/frame.hpp"

namespace aidp {

// By operation: takes the body of a request, gives the body of the answer.
using Handlers = std::map<std::string, std::function<std::string(std::string_view body)>, std::less<>>;

// What every worker does: read a request, do it, answer, until the socket closes. What a handler throws becomes a Failure.
void serve(const Handlers& handlers);
// For a whole request or for one item of it.
Failure failure_of(const std::exception& error);
// Inherited descriptors; see jobs/protocol/protocol.md.
inline constexpr int socket_fd = 3, input_pool_fd = 4, output_pool_fd = 5;

}  // namespace aidp
