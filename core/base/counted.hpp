// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace aidp {

// "1 file", "2 files", "0 series": a number of things in English.
inline std::string counted(std::int64_t number, const std::string& one, const std::string& many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}
inline std::string counted(std::int64_t number, const std::string& one) {
  return counted(number, one, one.ends_with("s") ? one : one + "s");
}

}  // namespace aidp
