// SPDX-License-Identifier: Apache-2.0
#include "jobs/inventory.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "jobs/dicomdir.hpp"

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
  Lister(const Inputs& inputs, HeaderIndex& index, std::vector<LooseFile>& loose)
      : index_(index), loose_(loose), follow_links_(inputs.follow_links) {
    std::error_code none;
    for (const auto& folder : inputs.left_out) left_out_.insert(fs::weakly_canonical(fs::absolute(folder, none), none));
  }

  void add(const fs::path& input) {
    root_ = check_input(input);
    if (fs::is_directory(root_))
      walk(root_);
    else
      file(root_, fs::status(root_));
  }

 private:
  void walk(const fs::path& folder) {
    if (left_out_.contains(folder) || (follow_links_ && !walked_.insert(folder).second)) return;  // links may lead round
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
    if (follow_links_ && fs::is_regular_file(target)) return file(target, fs::status(target));
    if (follow_links_ && fs::is_directory(target)) return walk(target);
    loose_.push_back({path.string(), Reason::not_dicom, "a link out of the input folder is not followed without --follow-links"});
  }

  void file(const fs::path& path, const fs::file_status& status) {
    if (!fs::is_regular_file(status)) return loose_.push_back({path.string(), Reason::not_dicom, "not a regular file"});
    try {
      index_.list(path.string());
    } catch (const Error& error) {
      if (error.reason() != Reason::dicom_unreadable) throw;
      loose_.push_back({path.string(), error.reason(), error.what()});
    }
  }

  HeaderIndex& index_;
  std::vector<LooseFile>& loose_;
  fs::path root_;
  std::set<fs::path> left_out_, walked_;
  bool follow_links_;
};

// Scans groups of files; a group whose worker died is tried again file by file, so that one file costs itself alone.
class Scanner {
 public:
  Scanner(HeaderIndex& index, Crew& dicom) : index_(index), dicom_(dicom) {}

  void scan(std::vector<std::string> paths) {
    nlohmann::json request{{"op", "scan"}, {"paths", paths}, {"keywords", index_.keywords()}};
    dicom_.submit({std::move(request), header_timeout, [this, paths = std::move(paths)](Reply reply) {
                     if (auto* lost = std::get_if<Lost>(&reply)) return retry(paths, *lost);
                     take(std::get<nlohmann::json>(reply), paths);
                   }});
  }

  std::int64_t done = 0;

 private:
  void retry(const std::vector<std::string>& paths, const Lost& lost) {
    if (paths.size() > 1) {
      for (const auto& path : paths) scan({path});
      return;
    }
    index_.add(LooseFile{paths.front(), lost.reason, lost.message}, false);
    ++done;
  }

  void take(nlohmann::json& reply, const std::vector<std::string>& paths) {
    if (!reply.contains("files")) return retry(paths, {Reason::worker_crashed, reply.value("message", "the worker gave no answer")});
    for (auto& file : reply["files"]) {
      ++done;
      if (!file.contains("header")) {
        const auto reason = reason_named(file.at("reason").get<std::string>()).value_or(Reason::internal);
        index_.add(LooseFile{file.at("path"), reason, file.at("message")}, row(reason).exit == Exit::ok);
        continue;
      }
      ScannedFile scanned{file.at("path"),
                          file.at("study_uid"),
                          file.at("series_uid"),
                          file.at("sop_uid"),
                          file.at("accession"),
                          file.at("patient"),
                          {},
                          {}};
      scanned.header = std::move(file["header"].get_binary());
      scanned.attributes = std::move(file["attributes"].get_binary());
      add(scanned, file.at("has_pixels"));
    }
  }

  void add(const ScannedFile& file, bool has_pixels) {
    if (!file.study_uid.empty() && !file.series_uid.empty() && !file.sop_uid.empty()) return index_.add(file);
    index_.add(
        LooseFile{file.path, has_pixels ? Reason::dicom_attribute : Reason::not_image,
                  has_pixels ? "StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID is missing" : "a DICOM object without an image"},
        true);
  }

  HeaderIndex& index_;
  Crew& dicom_;
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

void list_files(const Inputs& inputs, HeaderIndex& index, std::vector<LooseFile>& loose) {
  Lister lister(inputs, index, loose);
  for (const auto& input : inputs.paths) lister.add(input);
}

Inventory take_inventory(const Inputs& inputs, HeaderIndex& index, Crew& dicom,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  Inventory inventory;
  auto opened = inputs;
  opened.paths = with_dicomdirs_opened(inputs.paths, dicom, inventory.loose);
  list_files(opened, index, inventory.loose);
  Scanner scanner(index, dicom);
  const std::array crews{&dicom};
  inventory.headers_read = index.to_read();
  auto next = index.unread(files_per_request);
  const auto more = [&] { return !next.empty() && SignalGuard::received() == 0; };
  while (more() || !dicom.idle()) {  // what is under way is waited for even after a signal: its replies come here
    while (more() && dicom.hungry()) scanner.scan(std::exchange(next, index.unread(files_per_request)));
    pump(crews, std::chrono::milliseconds(200));
    progress(scanner.done, inventory.headers_read);
  }
  index.commit();
  if (inputs.worklist) {
    inventory.rows = keep_what_rows_name(*inputs.worklist, index, inputs.whole_series);
    inventory.loose.clear();
  }
  inventory.files = index.known() + static_cast<std::int64_t>(inventory.loose.size());
  inventory.series = index.series();
  std::ranges::move(index.loose(), std::back_inserter(inventory.loose));
  std::ranges::sort(inventory.loose, {}, &LooseFile::path);
  return inventory;
}

}  // namespace aidp
