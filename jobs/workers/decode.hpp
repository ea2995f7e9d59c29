// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/process/pool.hpp"
#include "jobs/protocol/read_messages.hpp"

namespace aidp {

// Decodes images into the input pool. What cannot be decoded is an entry of its own, as is what is not as it was scanned: dicom.changed.
DecodeReply decode(const DecodeRequest& request, const PoolView& pool);

}  // namespace aidp
