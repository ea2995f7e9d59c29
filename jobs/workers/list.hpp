// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/protocol/list_messages.hpp"

namespace aidp {

// What lies in folders; one that cannot be listed, or not to its end, says why.
ListReply list(const ListRequest& request);
// Where paths lead and what is there.
LookReply look(const LookRequest& request);
// Throws as FileReader does.
HashReply hash(const HashRequest& request);

}  // namespace aidp
