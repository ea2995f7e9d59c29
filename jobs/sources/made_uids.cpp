// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/made_uids.hpp"

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
std::string uid_of(const char* kind, const std::string& what) { return uid_from_key(sha256(std::string("aidp.") + kind + "/1\n" + what)); }

fs::path common_of(const fs::path& a, const fs::path& b) {
  fs::path common;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end() && *i == *j; ++i, ++j) common /= *i;
  return common;
}
}  // namespace

fs::path base_of(const std::vector<fs::path>& inputs) {
  auto common = inputs.at(0);
  for (const auto& input : inputs) common = common_of(common, input);
  return common.parent_path();
}

std::string folder_name(const fs::path& base, const std::string& file) {
  const auto folder = fs::path(file).parent_path();
  const auto relative = folder.lexically_relative(base);
  if (relative == "." && folder.has_filename()) return folder.filename().string();  // of a single file
  return relative.empty() || relative == "." || *relative.begin() == ".." ? folder.string() : relative.string();
}

CompleteUids complete_uids(const ScannedFile& file, const std::string& path, const std::string& folder) {
  CompleteUids uids{std::string(file.study_uid),
                    std::string(file.series_uid),
                    std::string(file.sop_uid),
                    {file.study_uid.empty(), file.series_uid.empty(), file.sop_uid.empty()}};
  if (uids.made.series) uids.series = uid_of("series", uids.study + "\n" + folder);
  if (uids.made.study) uids.study = uid_of("study", uids.made.series ? folder : "\n" + uids.series);
  if (uids.made.instance) uids.instance = uid_of("instance", uids.series + "\n" + folder + "/" + fs::path(path).filename().string());
  return uids;
}

std::string names_of(const MadeUids& made) {
  std::vector<std::string> names;
  if (made.study) names.emplace_back("StudyInstanceUID");
  if (made.series) names.emplace_back("SeriesInstanceUID");
  if (made.instance) names.emplace_back("SOPInstanceUID");
  if (names.size() < 2) return join(names, "");
  const auto last = names.back();
  names.pop_back();
  return join(names, ", ") + " or " + last;
}

std::string note_on(const MadeUids& made) { return made.any() ? "grouped by folder: the files have no " + names_of(made) : ""; }

}  // namespace aidp
