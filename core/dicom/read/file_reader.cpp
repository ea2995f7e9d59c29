// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/file_reader.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/dicom/read/input.hpp"

namespace aidp {

namespace {
[[noreturn]] void unreadable(const std::string& what, int error) {
  throw Error(Reason::dicom_unreadable, what + ": " + std::strerror(error));
}

}  // namespace

FileReader::FileReader(const std::string& path) {
  auto input = open_input(path);
  file_ = std::move(input.file);
  state_ = input.state;
}

std::size_t FileReader::read(std::span<std::byte> out, std::int64_t offset) {
  std::size_t done = 0;
  while (done < out.size() && error_ == 0) {
    const auto got = ::pread(file_.get(), out.data() + done, out.size() - done, offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = errno;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void FileReader::check() const {
  if (error_ != 0) unreadable("cannot be read", error_);
}

}  // namespace aidp
