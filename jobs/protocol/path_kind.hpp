// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <msgpack.hpp>

namespace aidp {

// What a path or an entry of a folder is; of `unknown` an error says why.
enum class PathKind { file, folder, link, other, unknown };

}  // namespace aidp

MSGPACK_ADD_ENUM(aidp::PathKind)
