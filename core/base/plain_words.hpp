// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace aidp {

// What an error of a library says to people, in one printable line: LibTorch's without the C++ frames that follow it ("Exception raised
// from
// ..."), TorchScript's as the last line of its traceback and the model's own line that it points at, of an exception that ended a process
// what std::terminate told ("what():").
std::string plain_words(std::string_view text);

}  // namespace aidp
