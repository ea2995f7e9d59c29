// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "jobs/protocol/read_messages.hpp"

namespace aidp {

// The headers of files, as a packed ScanReply: an unreadable file is an entry of its own.
std::string scan(const ScanRequest& request);
// Throws as referenced_files() does.
DirectoryReply directory(const DirectoryRequest& request);

}  // namespace aidp
