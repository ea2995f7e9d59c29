// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/protocol/read_messages.hpp"

namespace aidp {

// What the stored values of each frame of a file are, and of all. A frame that cannot be decoded leaves the others their entries.
// Throws as PixelFile does.
PixelsReply stored_values(const PixelsRequest& request);

}  // namespace aidp
