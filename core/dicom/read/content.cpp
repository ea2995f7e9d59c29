// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/content.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"

namespace aidp {

namespace {
constexpr std::size_t file_bytes_at_most = std::size_t{2} << 30;
constexpr std::size_t small_bytes = std::size_t{8} << 20;

std::string read(const std::string& path) {
  try {
    return read_file(path, file_bytes_at_most);
  } catch (const Error& error) {
    throw Error(error.reason() == Reason::pixels_limit ? Reason::pixels_limit : Reason::dicom_unreadable, "the file cannot be read");
  }
}

// Nothing where it is large or cannot be read: it is read, and refused, when its turn comes.
std::optional<std::string> read_small(const std::string& path) {
  try {
    return read_file(path, small_bytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Content hashed(std::string bytes) {
  auto digest = hex(sha256(bytes));
  return {std::move(bytes), std::move(digest)};
}
}  // namespace

Content read_content(const std::string& path) { return hashed(read(path)); }

Content Contents::take(const std::string& path) {
  const auto found = std::find(paths_.begin() + next_, paths_.end(), path);
  if (found == paths_.end()) return read_content(path);  // a file once more, as for its next frame
  const auto place = found - paths_.begin();
  if (place != next_) ahead_.reset();
  next_ = place + 1;
  if (auto content = std::exchange(ahead_, std::nullopt)) return *std::move(content);
  auto bytes = read(path);
  auto other = found + 1 != paths_.end() && bytes.size() <= small_bytes ? read_small(found[1]) : std::nullopt;
  if (!other) return hashed(std::move(bytes));
  const auto digests = sha256_pair(std::as_bytes(std::span(bytes)), std::as_bytes(std::span(*other)));
  ahead_ = Content{*std::move(other), hex(digests[1])};
  return {std::move(bytes), hex(digests[0])};
}

}  // namespace aidp
