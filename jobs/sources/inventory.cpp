// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/inventory.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <set>

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/sources/dicomdir.hpp"
#include "jobs/sources/lister.hpp"
#include "jobs/sources/look.hpp"
#include "jobs/sources/made_uids.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t files_per_request = 64;
constexpr std::size_t listed_ahead = 1024;  // files that wait to be read, and no more is listed
constexpr std::chrono::milliseconds header_timeout{60000};

// A request that is under way refers to what a scan keeps: where the scan ends early, its answer is for nobody.
class UntilAbandoned {
 public:
  explicit UntilAbandoned(Crew& crew) : crew_(crew) {}
  ~UntilAbandoned() { crew_.abandon(); }
  UntilAbandoned(const UntilAbandoned&) = delete;

 private:
  Crew& crew_;
};

// Scans groups of files; a group whose worker died is tried again file by file, so that one file costs itself alone.
class Scanner {
 public:
  Scanner(const Inputs& inputs, HeaderIndex& index, Crew& dicom) : group_from_(inputs.group_from), index_(index), dicom_(dicom) {}

  // Whether the file is to be read.
  bool list(const std::string& path, const std::optional<FileState>& state) { return index_.list(path, state, folder_of(path)); }

  // The next of these.
  void scan(std::deque<std::string>& unread) {
    const auto end = unread.begin() + static_cast<std::ptrdiff_t>(std::min(unread.size(), files_per_request));
    scan(std::vector(std::make_move_iterator(unread.begin()), std::make_move_iterator(end)));
    unread.erase(unread.begin(), end);
  }

  std::int64_t done = 0;

 private:
  void scan(std::vector<std::string> paths) {
    ScanRequest request{paths, index_.keywords()};
    dicom_.submit(task_of<ScanRequest>(std::move(request), header_timeout, [this, paths = std::move(paths)](Answered<ScanRequest> said) {
      if (const auto* lost = std::get_if<Lost>(&said)) return retry(paths, *lost);
      if (const auto* failure = std::get_if<Failure>(&said)) return retry(paths, {failure->reason, failure->message});
      const auto& files = std::get<ScanReply>(said).files;
      for (std::size_t i = 0; i < paths.size(); ++i) take(files[i], paths[i]);
      done += static_cast<std::int64_t>(paths.size());
    }));
  }

  void retry(const std::vector<std::string>& paths, const Lost& lost) {
    if (paths.size() > 1) {
      for (const auto& path : paths) scan({path});
      return;
    }
    const bool is_silent = lost.reason == Reason::worker_timeout;  // a dead mount: what was read of the file before is not gone
    const LooseFile file{paths.front(), is_silent ? Reason::dicom_unreadable : lost.reason, why_lost(lost, header_timeout)};
    index_.add(file, ScannedFile{}, Known::no);
    ++done;
  }

  void take(const ScannedFile& file, const std::string& path) {
    if (!file.reason.empty()) {
      const auto reason = *reason_named(file.reason);
      const bool for_good = row(reason).exit == Exit::ok;
      return index_.add(LooseFile{path, reason, printable(file.message)}, file, for_good ? Known::of_these_bytes : Known::no);
    }
    if (!file.study_uid.empty() && !file.series_uid.empty() && !file.sop_uid.empty()) return index_.add(path, file);
    const auto folder = folder_of(path);
    const auto uids = complete_uids(file, path, folder);
    if (!file.has_pixels)
      return index_.add(LooseFile{path, Reason::not_image, "a DICOM object without an image"}, file, Known::of_these_bytes);
    if (!group_from_) return refuse(path, file, uids.made);
    auto complete = file;
    complete.study_uid = uids.study;
    complete.series_uid = uids.series;
    complete.sop_uid = uids.instance;
    index_.add(path, complete, uids.made, folder);
  }

  void refuse(const std::string& path, const ScannedFile& file, const MadeUids& lacking) {
    const auto message =
        "the file has no " + names_of(lacking) + "; --group-by-folder takes the files of a folder without them for a series";
    index_.add(LooseFile{path, Reason::dicom_attribute, message}, file, Known::while_no_uid_is_made);
  }

  std::string folder_of(const std::string& path) const { return group_from_ ? folder_name(*group_from_, path) : std::string(); }

  using Known = HeaderIndex::Known;
  const std::optional<fs::path>& group_from_;
  HeaderIndex& index_;
  Crew& dicom_;
};

// What is to be walked: files and folders, and what a DICOMDIR names in its place.
std::vector<Looked> open_inputs(const Inputs& inputs, Crew& dicom, std::vector<LooseFile>& loose) {
  std::vector<std::string> paths;
  for (const auto& path : inputs.paths) paths.push_back(path.string());
  auto found = look(dicom, paths);
  SignalGuard::check();
  for (std::size_t i = 0; i < found.size(); ++i) check_input(inputs.paths[i], found[i]);
  return with_dicomdirs_opened(inputs.paths, std::move(found), dicom, loose);
}
}  // namespace

void check_input(const fs::path& named, const Looked& found) {
  if (found.missing) throw Error(Reason::path_missing, "no such file or folder: " + named.string(), "check the path");
  if (!found.readable)
    throw Error(Reason::path_unreadable, "cannot read " + named.string() + (found.why.empty() ? "" : ": " + found.why),
                found.why.empty() ? "give this user read permission or choose another path"
                                  : "check that the share is mounted and that this user may read it, or choose another path");
}

std::vector<ListedFile> list_files(const Inputs& inputs, Crew& dicom, std::vector<LooseFile>& loose) {
  std::vector<ListedFile> files;
  std::set<std::string> seen;
  const UntilAbandoned abandoned(dicom);
  Lister lister(
      inputs, open_inputs(inputs, dicom, loose), dicom,
      [&](const std::string& path, const std::optional<FileState>& state) {
        if (seen.insert(path).second) files.push_back({path, state ? state->size : 0});
      },
      loose);
  const std::array crews{&dicom};
  while (!lister.done()) {
    SignalGuard::check();
    while (lister.has_more() && dicom.hungry()) lister.ask();
    pump(crews, std::chrono::milliseconds(200));
  }
  return files;
}

Inventory take_inventory(const Inputs& inputs, HeaderIndex& index, Crew& dicom,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  Inventory inventory;
  const auto began = Clock::now();
  index.compare_with([&dicom](const std::string& path, const FileState& state) { return hash_of(dicom, path, state); });
  std::deque<std::string> unread;
  std::int64_t to_read = 0;
  Scanner scanner(inputs, index, dicom);
  const UntilAbandoned abandoned(dicom);
  Lister lister(
      inputs, open_inputs(inputs, dicom, inventory.loose), dicom,
      [&](const std::string& path, const std::optional<FileState>& state) {
        if (!scanner.list(path, state)) return;
        unread.push_back(path);
        ++to_read;
      },
      inventory.loose);
  const std::array crews{&dicom};
  while (!lister.done() || !unread.empty() || !dicom.idle()) {
    if (SignalGuard::received() != 0) break;  // what is under way may be waiting for a dead mount
    while (dicom.hungry())
      if (lister.has_more() && unread.size() < listed_ahead)
        lister.ask();
      else if (!unread.empty())
        scanner.scan(unread);
      else
        break;
    pump(crews, std::chrono::milliseconds(200));
    progress(scanner.done, lister.done() ? to_read : 0);
  }
  inventory.headers_read = scanner.done;
  inventory.unlisted = std::move(lister.unlisted);
  index.commit();
  index.find_lacking(inventory.loose, inventory.unlisted);
  inventory.scan_seconds = std::chrono::duration<double>(Clock::now() - began).count();
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
