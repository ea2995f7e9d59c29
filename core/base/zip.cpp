// SPDX-License-Identifier: Apache-2.0
#include "core/base/zip.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t directory_bytes_at_most = 64 << 20;
constexpr std::uint64_t tail_bytes = (1 << 16) + 22 + 20;  // the longest comment, the end of the directory, the locator of zip64's
}  // namespace

void ZipFile::refuse(const std::string& why) const {
  throw Error(Reason::package_invalid, path_.filename().string() + " cannot be read as the zip file that LibTorch writes: " + why,
              "name a file that torch.jit.save or torch.export wrote, whole");
}

std::string ZipFile::bytes(std::uint64_t at, std::size_t count) {
  if (at > size_ || size_ - at < count) refuse("it is truncated");
  std::string read(count, '\0');
  file_.clear();
  if (!file_.seekg(static_cast<std::streamoff>(at)).read(read.data(), static_cast<std::streamsize>(count)))
    throw_errno("cannot read " + path_.string());
  return read;
}

template <class T>
T ZipFile::value(const std::string& bytes, std::size_t at) const {
  T value;
  if (at > bytes.size() || bytes.size() - at < sizeof value) refuse("its directory is truncated");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

ZipFile::ZipFile(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {
  if (!file_) throw_errno("cannot open " + path.string());
  size_ = std::filesystem::file_size(path);
  const auto begin = size_ - std::min(size_, tail_bytes);
  const auto tail = bytes(begin, static_cast<std::size_t>(size_ - begin));
  const auto end = tail.rfind("PK\x05\x06");
  if (end == std::string::npos) refuse("it has no directory");
  if (end + 22 + value<std::uint16_t>(tail, end + 20) != tail.size()) refuse("data follows its directory");
  std::uint64_t count = value<std::uint16_t>(tail, end + 10), bytes_of_directory = value<std::uint32_t>(tail, end + 12),
                at = value<std::uint32_t>(tail, end + 16);
  if (end >= 20 && tail.compare(end - 20, 4, "PK\x06\x07") == 0) {
    if (begin + end < 76) refuse("its zip64 directory is broken");  // LibTorch's reader passes over one in so short a file
    const auto large = bytes(value<std::uint64_t>(tail, end - 12), 56);
    if (!large.starts_with("PK\x06\x06")) refuse("its zip64 directory is broken");
    count = value<std::uint64_t>(large, 32);
    bytes_of_directory = value<std::uint64_t>(large, 40);
    at = value<std::uint64_t>(large, 48);
  }
  if (bytes_of_directory > directory_bytes_at_most) refuse("its directory is larger than 64 MiB");
  read_directory(bytes(at, static_cast<std::size_t>(bytes_of_directory)), count);
}

void ZipFile::read_directory(const std::string& directory, std::uint64_t count) {
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (value<std::uint32_t>(directory, at) != 0x02014B50) refuse("its directory is broken");
    const std::size_t length = value<std::uint16_t>(directory, at + 28);
    const std::size_t rest = std::size_t{value<std::uint16_t>(directory, at + 30)} + value<std::uint16_t>(directory, at + 32);
    Entry entry{
        {}, value<std::uint16_t>(directory, at + 10), value<std::uint32_t>(directory, at + 24), value<std::uint32_t>(directory, at + 42)};
    if (directory.size() - at < 46 + length) refuse("its directory is truncated");
    entry.name = directory.substr(at + 46, length);
    if (entry.size == 0xFFFFFFFF || entry.offset == 0xFFFFFFFF) refuse("the entry '" + printable(entry.name) + "' needs more than 4 GiB");
    entries_.push_back(std::move(entry));
    at += 46 + length + rest;
  }
}

const ZipFile::Entry* ZipFile::find(const std::string& name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() ? nullptr : &*found;
}

std::string ZipFile::local_header(const Entry& entry) {
  auto header = bytes(entry.offset, 30);
  if (!header.starts_with("PK\x03\x04")) refuse("the entry '" + printable(entry.name) + "' is not at the place that its directory gives");
  return header;
}

std::string ZipFile::local_name(const Entry& entry) { return bytes(entry.offset + 30ULL, value<std::uint16_t>(local_header(entry), 26)); }

std::string ZipFile::content(const std::string& name, std::size_t limit_bytes) {
  const auto* entry = find(name);
  if (!entry) refuse("it has no entry '" + printable(name) + "'");
  if (entry->method != 0) refuse("the entry '" + printable(name) + "' is compressed; torch stores entries uncompressed");
  if (entry->size > limit_bytes) refuse("the entry '" + printable(name) + "' is larger than " + bytes_text(limit_bytes));
  const auto local = local_header(*entry);
  const std::uint64_t begin = entry->offset + 30ULL + value<std::uint16_t>(local, 26) + value<std::uint16_t>(local, 28);
  return bytes(begin, entry->size);
}

}  // namespace aidp
