// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace aidp {

namespace {
constexpr const char* changed = "the file changed between scan and decoding";

bool is_gone(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }
}  // namespace

InputFile open_input(const std::string& path, const std::optional<FileState>& scanned) {
  InputFile input{FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)), {}};  // a FIFO would be waited for
  if (!input.file && scanned && is_gone(errno)) throw Error(Reason::dicom_changed, "the file was removed between scan and decoding");
  if (!input.file) throw Error(Reason::dicom_unreadable, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (::fstat(input.file.get(), &status) != 0)
    throw Error(Reason::dicom_unreadable, std::string("cannot be examined: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw Error(scanned ? Reason::dicom_changed : Reason::not_dicom, scanned ? changed : "not a regular file");
  input.state = file_state(status);
  if (scanned && input.state != *scanned) throw Error(Reason::dicom_changed, changed);
  return input;
}

void require_unchanged(const InputFile& input) {
  struct stat status {};
  if (::fstat(input.file.get(), &status) != 0 || file_state(status) != input.state)
    throw Error(Reason::dicom_changed, "the file changed while it was read");
}

}  // namespace aidp
