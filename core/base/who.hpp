// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aidp {

// Who runs this process, and where, for the records: the user's name, or the number of one without a name; the name of the machine.
std::string user_name();
std::string host_name();

}  // namespace aidp
