// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/content.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/dicom/read/input.hpp"

namespace aidp {

namespace {
constexpr std::size_t file_bytes_at_most = std::size_t{2} << 30;

std::string read(const InputFile& input, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const auto got = ::read(input.file.get(), bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(Reason::dicom_unreadable, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) throw Error(Reason::dicom_changed, "the file became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
  require_unchanged(input);
  return bytes;
}

std::string read(const FileToRead& file) {
  const auto input = open_input(file.path, file.scanned);
  const auto size = static_cast<std::size_t>(input.state.size);
  if (size > file_bytes_at_most) throw Error(Reason::pixels_limit, "the file is larger than 2 GiB");
  return read(input, size);
}
}  // namespace

Content read_content(const FileToRead& file) {
  auto bytes = read(file);
  auto digest = hex(sha256(bytes));
  return {std::move(bytes), std::move(digest)};
}

}  // namespace aidp
