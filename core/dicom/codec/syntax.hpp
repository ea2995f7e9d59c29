// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace aidp {

enum class Codec { native, deflated_frames, rle, jpeg, jpeg_ls, jpeg_2000 };

// A row of the one table of transfer syntaxes (PS3.5 section 10 and annex A).
struct TransferSyntax {
  std::string_view uid, name;
  Codec codec;
  bool big_endian = false, deflated = false;  // deflated: the whole dataset, so that the file's size says nothing of the pixels'
  bool lossy = false;
};

// By the string of (0002,0010); nullptr for one that is not handled.
const TransferSyntax* find_syntax(std::string_view uid);

}  // namespace aidp
