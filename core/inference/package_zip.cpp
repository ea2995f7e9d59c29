// SPDX-License-Identifier: Apache-2.0
#include "core/inference/package_zip.hpp"

#include <set>
#include <string>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/zip.hpp"

namespace aidp {

namespace {
[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error(Reason::model_load, file.filename().string() + " is not an AOTInductor package that may be loaded: " + why,
              "ask its vendor for a sound one");
}

void check_name(const std::string& name, const std::filesystem::path& file) {
  bool climbs = name.starts_with('/') || name.find('\\') != std::string::npos || name.find('\0') != std::string::npos;
  for (const auto& part : split(name, '/')) climbs = climbs || part == "..";
  if (climbs || printable(name) != name) refuse(file, "the entry '" + printable(name) + "' leads out of it");
}
}  // namespace

void check_pt2(const std::filesystem::path& file) {
  ZipFile zip(file);
  std::set<std::string> names;
  bool has_source = false, has_library = false;
  for (const auto& entry : zip.entries()) {
    check_name(entry.name, file);
    if (!names.insert(entry.name).second) refuse(file, "the entry '" + entry.name + "' occurs twice");
    if (zip.local_name(entry) != entry.name) refuse(file, "the entry '" + entry.name + "' has two names");
    has_source = has_source || entry.name.ends_with(".cpp");
    has_library = has_library || entry.name.ends_with(".so");
  }
  if (has_source && !has_library) refuse(file, "it holds sources without a library, which would be compiled here");
}

}  // namespace aidp
