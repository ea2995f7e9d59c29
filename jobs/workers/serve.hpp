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
// `niceness`: above 0, it goes after the processes that are not so nice.
void serve(const Handlers& handlers, int niceness = 0);
// Where cores are few the model goes first, and what reads and writes takes what it leaves: shared evenly, the model would wait for a core
// while images wait for it.
inline constexpr int after_the_model = 10;
// For a whole request or for one item of it.
Failure failure_of(const std::exception& error);
// Inherited descriptors; see jobs/protocol/protocol.md.
inline constexpr int socket_fd = 3, input_pool_fd = 4, output_pool_fd = 5;

}  // namespace aidp
