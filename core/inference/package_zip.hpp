// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace aidp {

// Looks through the zip directory of an AOTInductor .pt2 before LibTorch unpacks it: its loader checks the beginning of a name alone and
// would write `data/aotinductor/model/../../x` outside its folder, and compiles a package that brings sources without a library.
// Throws Error(model_load) naming the entry, and as ZipFile does.
void check_pt2(const std::filesystem::path& file);

}  // namespace aidp
