// SPDX-License-Identifier: Apache-2.0
#include "jobs/inventory.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t files_per_request = 32;
constexpr std::chrono::milliseconds header_timeout{60000};

bool inside(const fs::path& target, const fs::path& root) {
  const auto relative = target.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}

class Lister {
 public:
  Lister(const std::vector<fs::path>& left_out, std::vector<LooseFile>& loose) : loose_(loose) {
    std::error_code none;
    for (const auto& folder : left_out) left_out_.insert(fs::weakly_canonical(fs::absolute(folder, none), none));
  }

  void add(const fs::path& input) {
    root_ = check_input(input);
    if (fs::is_directory(root_))
      walk(root_);
    else
      file(root_, fs::status(root_));
  }

  std::vector<std::string> files() && { return {std::make_move_iterator(files_.begin()), std::make_move_iterator(files_.end())}; }

 private:
  void walk(const fs::path& folder) {
    if (left_out_.contains(folder)) return;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code unknown;
      const auto status = entry->symlink_status(unknown);
      if (unknown)  // a folder that may be listed, but not entered
        loose_.push_back({entry->path().string(), Reason::dicom_unreadable, "cannot be looked at: " + unknown.message()});
      else if (fs::is_directory(status))
        walk(entry->path());
      else if (fs::is_symlink(status))
        link(entry->path());
      else
        file(entry->path(), status);
    }
    if (error) loose_.push_back({folder.string(), Reason::dicom_unreadable, "the folder cannot be listed: " + error.message()});
  }

  void link(const fs::path& path) {
    std::error_code error;
    const auto target = fs::canonical(path, error);
    if (error) return loose_.push_back({path.string(), Reason::dicom_unreadable, "a link to nothing"});
    if (fs::is_regular_file(target) && inside(target, root_)) return file(target, fs::status(target));
    if (fs::is_directory(target) && inside(target, root_)) return;  // reached by its own name
    loose_.push_back({path.string(), Reason::not_dicom, "a link out of the input folder is not followed"});
  }

  void file(const fs::path& path, const fs::file_status& status) {
    if (fs::is_regular_file(status))
      files_.insert(path.string());
    else
      loose_.push_back({path.string(), Reason::not_dicom, "not a regular file"});
  }

  std::vector<LooseFile>& loose_;
  fs::path root_;
  std::set<fs::path> left_out_;
  std::set<std::string> files_;
};

using SeriesMap = std::map<std::pair<std::string, std::string>, std::vector<InstanceHeader>>;

void sort_in(InstanceHeader header, SeriesMap& series, std::vector<LooseFile>& loose) {
  if (header.series_instance_uid.empty() || header.study_instance_uid.empty() || header.sop_instance_uid.empty()) {
    const bool image = header.has_pixels;
    loose.push_back({header.path, image ? Reason::dicom_attribute : Reason::not_image,
                     image ? "StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID is missing" : "a DICOM object without an image"});
    return;
  }
  auto& group = series[{header.study_instance_uid, header.series_instance_uid}];
  group.push_back(std::move(header));
}

void keep_shared_in_first(std::vector<InstanceHeader>& instances) {
  std::ranges::sort(instances, {}, &InstanceHeader::path);
  for (auto& header : std::span(instances).subspan(1)) {
    header.attributes = nullptr;
    header.study_instance_uid = std::string();
    header.series_instance_uid = std::string();
  }
}

// Leaves one of the byte-identical copies of an instance; copies that differ stay, for the plan to refuse.
void drop_copies(SeriesInput& series) {
  std::map<std::string, std::vector<std::size_t>> by_uid;
  for (std::size_t i = 0; i < series.instances.size(); ++i) by_uid[series.instances[i].sop_instance_uid].push_back(i);
  std::set<std::size_t> copies;
  for (const auto& [uid, indices] : by_uid) {
    if (indices.size() < 2) continue;
    std::set<Digest> seen;
    for (const auto index : indices)
      if (!seen.insert(sha256_file(series.instances[index].path)).second) copies.insert(index);
  }
  std::vector<InstanceHeader> kept;
  for (std::size_t i = 0; i < series.instances.size(); ++i) {
    if (!copies.contains(i)) kept.push_back(std::move(series.instances[i]));
  }
  series.instances = std::move(kept);
}

Inventory ordered(SeriesMap found, std::vector<LooseFile> loose, std::int64_t files) {
  Inventory inventory;
  inventory.files = files;
  for (auto& [uids, instances] : found) {
    keep_shared_in_first(instances);
    const auto count = static_cast<std::int64_t>(instances.size());
    inventory.series.push_back({uids.first, uids.second, std::move(instances), count});
    drop_copies(inventory.series.back());
  }
  std::ranges::sort(loose, {}, &LooseFile::path);
  inventory.loose = std::move(loose);
  return inventory;
}

// Scans groups of files; a group whose worker died is tried again file by file, so that one file costs itself alone.
class Scanner {
 public:
  Scanner(const std::vector<std::string>& keywords, Crew& dicom, std::vector<LooseFile>& loose)
      : keywords_(keywords), dicom_(dicom), loose_(loose) {}

  void scan(std::vector<std::string> paths) {
    nlohmann::json request{{"op", "scan"}, {"paths", paths}, {"keywords", keywords_}};
    dicom_.submit({std::move(request), header_timeout, [this, paths = std::move(paths)](Reply reply) {
                     if (auto* lost = std::get_if<Lost>(&reply)) return retry(paths, *lost);
                     take(std::get<nlohmann::json>(reply), paths);
                   }});
  }

  std::int64_t done = 0;
  SeriesMap series;

 private:
  void retry(const std::vector<std::string>& paths, const Lost& lost) {
    if (paths.size() > 1) {
      for (const auto& path : paths) scan({path});
      return;
    }
    loose_.push_back({paths.front(), lost.reason, lost.message});
    ++done;
  }

  void take(const nlohmann::json& reply, const std::vector<std::string>& paths) {
    if (!reply.contains("files")) return retry(paths, {Reason::worker_crashed, reply.value("message", "the worker gave no answer")});
    for (const auto& file : reply["files"]) {
      ++done;
      if (file.contains("header"))
        sort_in(file["header"].get<InstanceHeader>(), series, loose_);
      else
        loose_.push_back(
            {file.at("path"), reason_named(file.at("reason").get<std::string>()).value_or(Reason::internal), file.at("message")});
    }
  }

  const std::vector<std::string>& keywords_;
  Crew& dicom_;
  std::vector<LooseFile>& loose_;
};
}  // namespace

fs::path check_input(const fs::path& input) {
  std::error_code error;
  const auto path = fs::canonical(input, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
    throw Error(Reason::path_missing, "no such file or folder: " + input.string(), "check the path");
  const bool listable = !error && (!fs::is_directory(path) || ::access(path.c_str(), X_OK) == 0);
  if (!listable || ::access(path.c_str(), R_OK) != 0)
    throw Error(Reason::path_unreadable, "cannot read " + input.string(), "give this user read permission or choose another path");
  return path;
}

std::vector<std::string> list_files(const Inputs& inputs, std::vector<LooseFile>& loose) {
  Lister lister(inputs.left_out, loose);
  for (const auto& input : inputs.paths) lister.add(input);
  return std::move(lister).files();
}

Inventory take_inventory(const Inputs& inputs, const std::vector<std::string>& keywords, Crew& dicom,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  std::vector<LooseFile> loose;
  const auto files = list_files(inputs, loose);
  const auto total = static_cast<std::int64_t>(files.size());
  Scanner scanner(keywords, dicom, loose);
  const std::array crews{&dicom};
  std::size_t next = 0;
  const auto more = [&] { return next < files.size() && SignalGuard::received() == 0; };
  while (more() || !dicom.idle()) {  // what is under way is waited for even after a signal: its replies come here
    while (more() && dicom.hungry()) {
      const auto end = std::min(next + files_per_request, files.size());
      scanner.scan({files.begin() + static_cast<std::ptrdiff_t>(next), files.begin() + static_cast<std::ptrdiff_t>(end)});
      next = end;
    }
    pump(crews, std::chrono::milliseconds(200));
    progress(scanner.done, total);
  }
  const auto outside_any_file = static_cast<std::int64_t>(
      std::ranges::count_if(loose, [&](const auto& file) { return !std::ranges::binary_search(files, file.path); }));
  return ordered(std::move(scanner.series), std::move(loose), total + outside_any_file);
}

}  // namespace aidp
