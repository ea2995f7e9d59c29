// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/content.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/dicom/read/input.hpp"

namespace aidp {

namespace {
constexpr std::size_t file_bytes_at_most = std::size_t{2} << 30;
constexpr std::size_t small_bytes = std::size_t{8} << 20;

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
  if (size > file_bytes_at_most) throw Error(Reason::pixels_limit, "the file has more than 2 GiB");
  return read(input, size);
}

// Nothing where it is large or cannot be read: it is read, and refused, when its turn comes.
std::optional<std::string> read_small(const FileToRead& file) {
  try {
    const auto input = open_input(file.path, file.scanned);
    const auto size = static_cast<std::size_t>(input.state.size);
    return size > small_bytes ? std::nullopt : std::optional(read(input, size));
  } catch (const Error&) {
    return std::nullopt;
  }
}

Content hashed(std::string bytes) {
  auto digest = hex(sha256(bytes));
  return {std::move(bytes), std::move(digest)};
}
}  // namespace

Content read_content(const FileToRead& file) { return hashed(read(file)); }

Content Contents::take(const FileToRead& file) {
  const auto found = std::find_if(files_.begin() + next_, files_.end(), [&](const auto& listed) { return listed.path == file.path; });
  if (found == files_.end()) return read_content(file);  // a file once more, as for its next frame
  const auto place = found - files_.begin();
  if (place != next_) ahead_.reset();
  next_ = place + 1;
  if (auto content = std::exchange(ahead_, std::nullopt)) return *std::move(content);
  auto bytes = read(file);
  auto other = found + 1 != files_.end() && bytes.size() <= small_bytes ? read_small(found[1]) : std::nullopt;
  if (!other) return hashed(std::move(bytes));
  const auto digests = sha256_pair(std::as_bytes(std::span(bytes)), std::as_bytes(std::span(*other)));
  ahead_ = Content{*std::move(other), hex(digests[1])};
  return {std::move(bytes), hex(digests[0])};
}

}  // namespace aidp
