// SPDX-License-Identifier: Apache-2.0
#include "core/inference/package_zip.hpp"

#include <cstdint>
#include <cstring>
#include <set>
#include <string>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error(Reason::model_load, file.filename().string() + " is no AOTInductor package that may be loaded: " + why,
              "ask its vendor for a sound one");
}

template <class T>
T value_at(const std::string& bytes, std::size_t at, const std::filesystem::path& file) {
  T value;
  if (at > bytes.size() || bytes.size() - at < sizeof value) refuse(file, "its zip directory is cut");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void check_name(const std::string& name, const std::filesystem::path& file) {
  bool climbs = name.starts_with('/') || name.find('\\') != std::string::npos || name.find('\0') != std::string::npos;
  for (const auto& part : split(name, '/')) climbs = climbs || part == "..";
  if (climbs || printable(name) != name) refuse(file, "the entry '" + printable(name) + "' leads out of it");
}
}  // namespace

void check_pt2(const std::filesystem::path& file) {
  const auto bytes = read_file(file, std::size_t{8} << 30);
  const auto end = bytes.rfind("PK\x05\x06");  // end of central directory (APPNOTE 4.3.16)
  if (!bytes.starts_with("PK") || end == std::string::npos) refuse(file, "it is no zip file");
  const auto count = value_at<std::uint16_t>(bytes, end + 10, file);
  std::size_t at = value_at<std::uint32_t>(bytes, end + 16, file);
  if (count == 0xFFFF || at == 0xFFFFFFFF) refuse(file, "zip64 directories are not taken");
  std::set<std::string> names;
  bool has_source = false, has_library = false;
  for (int i = 0; i < count; ++i) {
    if (value_at<std::uint32_t>(bytes, at, file) != 0x02014B50) refuse(file, "its zip directory is broken");
    const auto length = value_at<std::uint16_t>(bytes, at + 28, file);
    const auto rest = value_at<std::uint16_t>(bytes, at + 30, file) + value_at<std::uint16_t>(bytes, at + 32, file);
    const auto local = value_at<std::uint32_t>(bytes, at + 42, file);
    if (at + 46 + length > bytes.size()) refuse(file, "its zip directory is cut");
    const auto name = bytes.substr(at + 46, length);
    check_name(name, file);
    if (!names.insert(name).second) refuse(file, "the entry '" + printable(name) + "' is there twice");
    const auto local_length = value_at<std::uint16_t>(bytes, std::size_t{local} + 26, file);
    if (bytes.substr(std::size_t{local} + 30, local_length) != name) refuse(file, "the entry '" + printable(name) + "' has two names");
    has_source = has_source || name.ends_with(".cpp");
    has_library = has_library || name.ends_with(".so");
    at += 46U + length + static_cast<std::size_t>(rest);
  }
  if (has_source && !has_library) refuse(file, "it holds sources without a library, which would be compiled here");
}

}  // namespace aidp
