// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace aidp {

// A zip file (PKWARE APPNOTE 6.3), whose directory is read and no more of it than is asked for; with zip64's directory that of LibTorch's
// reader. Entries lie in the first 4 GiB.
// Throws Error(package_invalid) where it is none or breaks its form, and as throw_errno() does.
class ZipFile {
 public:
  struct Entry {  // of the directory
    std::string name;
    std::uint16_t method = 0;
    std::uint32_t size = 0, offset = 0;
  };
  explicit ZipFile(const std::filesystem::path& path);
  const std::vector<Entry>& entries() const { return entries_; }
  // The name beside its content, which the directory should have too.
  std::string local_name(const Entry& entry);
  bool has(const std::string& name) const { return find(name) != nullptr; }
  // What an entry holds. Refused where it is not there, compressed, or larger than the limit.
  std::string content(const std::string& name, std::size_t limit_bytes);

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  std::string bytes(std::uint64_t at, std::size_t count);
  template <class T>
  T value(const std::string& bytes, std::size_t at) const;
  void read_directory(const std::string& directory, std::uint64_t count);
  const Entry* find(const std::string& name) const;
  std::string local_header(const Entry& entry);

  std::filesystem::path path_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace aidp
