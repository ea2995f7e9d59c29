// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/inventory.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <iterator>
#include <set>

#include "core/base/text.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/sources/dicomdir.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t files_per_request = 64;
constexpr int steps_at_a_time = 256;        // of listing, between looks at the workers
constexpr std::size_t listed_ahead = 1024;  // files that wait to be read
constexpr std::chrono::milliseconds header_timeout{60000};

bool inside(const fs::path& target, const fs::path& root) {
  const auto relative = target.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}

// Walks the inputs entry by entry, so that what is listed can be read meanwhile.
class Lister {
 public:
  Lister(const Inputs& inputs, HeaderIndex& index, std::vector<LooseFile>& loose)
      : index_(index), loose_(loose), follow_links_(inputs.follow_links) {
    std::error_code none;
    for (const auto& folder : inputs.left_out) left_out_.insert(fs::weakly_canonical(fs::absolute(folder, none), none));
    for (const auto& input : inputs.paths) roots_.push_back(check_input(input));
  }

  std::deque<std::string> unread;  // of what is listed; for the caller to take
  std::int64_t to_read = 0;        // with what was taken
  std::vector<std::string> unlisted;

  // Takes at most so many steps; false once all is listed.
  bool list(int steps) {
    while (steps-- > 0) {
      if (!open_.empty())
        step(open_.back());
      else if (next_root_ < roots_.size())
        begin(roots_[next_root_++]);
      else
        return false;
    }
    return true;
  }

 private:
  struct Folder {
    fs::path path;
    fs::directory_iterator next;
  };

  void begin(const fs::path& root) {
    root_ = root;
    std::error_code error;
    const auto type = fs::status(root, error).type();
    if (type == fs::file_type::none || type == fs::file_type::not_found) return unreadable(root, error);
    type == fs::file_type::directory ? walk(root) : file(root, type);
  }

  void walk(const fs::path& folder) {
    if (left_out_.contains(folder) || (follow_links_ && !walked_.insert(folder).second)) return;  // links may lead round
    std::error_code error;
    fs::directory_iterator first(folder, error);
    if (error) return unlistable(folder, error);
    open_.push_back({folder, std::move(first)});
  }

  void unlistable(const fs::path& folder, const std::error_code& error) {
    loose_.push_back({folder.string(), Reason::dicom_unreadable, "the folder cannot be listed: " + error.message()});
    unlisted.push_back(folder.string());
  }

  void unreadable(const fs::path& path, const std::error_code& error) {
    loose_.push_back({path.string(), Reason::dicom_unreadable, "cannot be examined: " + error.message()});
  }

  void step(Folder& folder) {
    if (folder.next == fs::directory_iterator()) return open_.pop_back();
    const auto depth = open_.size() - 1;
    look_at(*folder.next);  // may open a folder, and so move this one
    auto& same = open_[depth];
    std::error_code error;
    same.next.increment(error);
    if (!error) return;
    unlistable(same.path, error);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(depth));
  }

  void look_at(const fs::directory_entry& entry) {  // its type is known from the folder, where the file system tells
    std::error_code error;
    if (entry.is_symlink(error)) return link(entry.path());
    if (!error && entry.is_directory(error)) return walk(entry.path());
    if (!error && entry.is_regular_file(error)) return file(entry.path(), fs::file_type::regular);
    if (error)  // as in a folder that may be listed, but not entered
      unreadable(entry.path(), error);
    else
      file(entry.path(), fs::file_type::unknown);
  }

  void link(const fs::path& path) {
    std::error_code error;
    const auto target = fs::canonical(path, error);
    if (error == std::errc::no_such_file_or_directory) return loose_.push_back({path.string(), Reason::dicom_unreadable, "a broken link"});
    const auto type = error ? fs::file_type::none : fs::status(target, error).type();
    if (type == fs::file_type::none || type == fs::file_type::not_found) return unreadable(path, error);
    const bool is_file = type == fs::file_type::regular, is_folder = type == fs::file_type::directory;
    if (is_file && (follow_links_ || inside(target, root_))) return file(target, type);
    if (is_folder && inside(target, root_)) return;  // reached by its own name
    if (is_folder && follow_links_) return walk(target);
    loose_.push_back({path.string(), Reason::not_dicom, "a link out of the input folder is not followed without --follow-links"});
  }

  void file(const fs::path& path, fs::file_type type) {
    if (type != fs::file_type::regular) return loose_.push_back({path.string(), Reason::not_dicom, "not a regular file"});
    if (!index_.list(path.string())) return;
    unread.push_back(path.string());
    ++to_read;
  }

  HeaderIndex& index_;
  std::vector<LooseFile>& loose_;
  std::vector<fs::path> roots_;
  std::size_t next_root_ = 0;
  std::vector<Folder> open_;  // the folder that is being listed, behind those that it lies in
  fs::path root_;
  std::set<fs::path> left_out_, walked_;
  bool follow_links_;
};

// Scans groups of files; a group whose worker died is tried again file by file, so that one file costs itself alone.
class Scanner {
 public:
  Scanner(HeaderIndex& index, Crew& dicom) : index_(index), dicom_(dicom) {}

  // The next of these.
  void scan(std::deque<std::string>& unread) {
    const auto end = unread.begin() + static_cast<std::ptrdiff_t>(std::min(unread.size(), files_per_request));
    scan(std::vector(std::make_move_iterator(unread.begin()), std::make_move_iterator(end)));
    unread.erase(unread.begin(), end);
  }

  std::int64_t done = 0;
  std::exception_ptr fault;  // of the index; what comes after it is dropped

 private:
  void scan(std::vector<std::string> paths) {
    ScanRequest request{paths, index_.keywords()};
    dicom_.submit(task_of<ScanRequest>(std::move(request), header_timeout, [this, paths = std::move(paths)](Answered<ScanRequest> said) {
      if (fault) return;
      try {
        if (const auto* lost = std::get_if<Lost>(&said)) return retry(paths, *lost);
        if (const auto* failure = std::get_if<Failure>(&said)) return retry(paths, {failure->reason, failure->message});
        const auto& files = std::get<ScanReply>(said).files;
        for (std::size_t i = 0; i < paths.size(); ++i) take(files[i], paths[i]);
        done += static_cast<std::int64_t>(paths.size());
      } catch (const IndexFault&) {
        fault = std::current_exception();
      }
    }));
  }

  void retry(const std::vector<std::string>& paths, const Lost& lost) {
    if (paths.size() > 1) {
      for (const auto& path : paths) scan({path});
      return;
    }
    index_.add(LooseFile{paths.front(), lost.reason, lost.message}, ScannedFile{}, false);
    ++done;
  }

  void take(const ScannedFile& file, const std::string& path) {
    if (!file.reason.empty()) {
      const auto reason = *reason_named(file.reason);
      return index_.add(LooseFile{path, reason, printable(file.message)}, file, row(reason).exit == Exit::ok);
    }
    if (!file.study_uid.empty() && !file.series_uid.empty() && !file.sop_uid.empty()) return index_.add(path, file);
    index_.add(
        LooseFile{path, file.has_pixels ? Reason::dicom_attribute : Reason::not_image,
                  file.has_pixels ? "StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID is missing" : "a DICOM object without an image"},
        file, true);
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
  const bool listable = !error && (!fs::is_directory(path, error) || ::access(path.c_str(), X_OK) == 0);
  if (!listable || error || ::access(path.c_str(), R_OK) != 0)
    throw Error(Reason::path_unreadable, "cannot read " + input.string(), "give this user read permission or choose another path");
  return path;
}

std::vector<std::string> list_files(const Inputs& inputs, std::vector<LooseFile>& loose) {
  HeaderIndex index({}, {});
  Lister lister(inputs, index, loose);
  while (lister.list(steps_at_a_time)) {
  }
  return {lister.unread.begin(), lister.unread.end()};
}

Inventory take_inventory(const Inputs& inputs, HeaderIndex& index, Crew& dicom,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  Inventory inventory;
  const auto began = Clock::now();
  auto opened = inputs;
  opened.paths = with_dicomdirs_opened(inputs.paths, dicom, inventory.loose);
  Lister lister(opened, index, inventory.loose);
  Scanner scanner(index, dicom);
  const std::array crews{&dicom};
  bool listing = true;
  while (listing || !lister.unread.empty() || !dicom.idle()) {
    if (SignalGuard::received() != 0 || scanner.fault) {  // what is under way is waited for all the same: its replies come here
      listing = false;
      lister.unread.clear();
    }
    if (listing && lister.unread.size() < listed_ahead) listing = lister.list(steps_at_a_time);
    while (!lister.unread.empty() && dicom.hungry()) scanner.scan(lister.unread);
    const bool waits = !listing || lister.unread.size() >= listed_ahead;
    pump(crews, std::chrono::milliseconds(waits ? 200 : 0));
    progress(scanner.done, listing ? 0 : lister.to_read);
  }
  if (scanner.fault) std::rethrow_exception(scanner.fault);
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
