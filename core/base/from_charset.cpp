// SPDX-License-Identifier: Apache-2.0
#include "core/base/from_charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace aidp {

std::string from_charset(std::string_view text, const char* charset, std::size_t unit_bytes) {
  struct Close {
    using pointer = iconv_t;
    void operator()(iconv_t descriptor) const { ::iconv_close(descriptor); }
  };
  const auto opened = ::iconv_open("UTF-8", charset);
  if (opened == reinterpret_cast<iconv_t>(-1)) return std::string(text);
  const std::unique_ptr<iconv_t, Close> descriptor(opened);
  std::string result;
  auto* in = const_cast<char*>(text.data());
  auto left = text.size();
  while (left > 0) {
    std::array<char, 256> buffer;
    auto* out = buffer.data();
    auto room = buffer.size();
    const bool done = ::iconv(descriptor.get(), &in, &left, &out, &room) != static_cast<std::size_t>(-1);
    result.append(buffer.data(), out);
    if (done || errno == E2BIG) continue;
    result += '?';
    const auto skipped = std::min(left, unit_bytes);
    in += skipped;
    left -= skipped;
  }
  return result;
}

}  // namespace aidp
