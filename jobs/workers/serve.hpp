// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "jobs/process/channel.hpp"

namespace aidp {

using Handlers = std::map<std::string, std::function<nlohmann::json(const nlohmann::json& request)>>;

// What every worker does: read a request, do it, reply, until the socket closes. An Error becomes {id, reason, message, remedy}.
void serve(const Handlers& handlers);
// An exception as {reason, message, remedy}: for a whole request or for one item of it.
nlohmann::json failure_of(const std::exception& error);
// Inherited descriptors; see jobs/protocol/protocol.md.
inline constexpr int socket_fd = 3, input_pool_fd = 4, output_pool_fd = 5;

}  // namespace aidp
