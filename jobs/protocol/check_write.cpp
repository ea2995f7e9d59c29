// SPDX-License-Identifier: Apache-2.0
// The supervisor looks at each file that a writer reports as written.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
// A worker may have put a link or a device there.
FileDescriptor open_regular(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  require(file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode), "the file to write is missing or not a regular file");
  return file;
}

std::string hash_of(const FileDescriptor& file) {
  Sha256 hash;
  std::array<std::byte, 1 << 16> block;
  for (;;) {
    const auto got = ::read(file.get(), block.data(), block.size());
    require(got >= 0, "the file written cannot be read");
    if (got == 0) return hex(hash.finish());
    hash.update(std::span(block).first(static_cast<std::size_t>(got)));
  }
}

void require_hdf5(const std::string& path) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  const auto file = open_regular(path);
  std::array<char, 8> head{};
  require(::read(file.get(), head.data(), head.size()) == 8 && std::string_view(head.data(), 8) == signature,
          "the file written is not HDF5");
}
}  // namespace

void check(const WriteOutputRequest& request, const WriteOutputReply& reply) {
  require_sha256(reply.sha256, "the file's SHA-256 is malformed");
  require(hash_of(open_regular(request.path)) == reply.sha256, "the file written does not have the SHA-256 that was reported");
}

void check(const WriteHdf5Request& request, const Done&) { require_hdf5(request.path); }
void check(const WriteTensorRequest& request, const Done&) { require_hdf5(request.path); }

}  // namespace aidp
