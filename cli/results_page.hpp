// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aidp {

// man(7) of aidp-results.5: the files of an output folder and their columns, made from the table that makes the files.
std::string results_page();

}  // namespace aidp
