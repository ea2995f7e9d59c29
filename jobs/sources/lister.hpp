// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/protocol/list_messages.hpp"
#include "jobs/sources/header_index.hpp"
#include "jobs/sources/inventory.hpp"
#include "jobs/sources/look.hpp"

namespace aidp {

// Walks the inputs. DICOM workers list folders and look at links, a few in each request, so that what is listed can be read meanwhile; what
// is input and what is not is decided here. Of a wide tree no more is kept than what the last answers told.
class Lister {
 public:
  // `state`: as the folder's listing told it, nothing where it could not be looked at.
  using Found = std::function<void(const std::string& path, const std::optional<FileState>& state)>;

  // `roots`: the inputs as they were looked at. `found` is called for each regular file, here and inside pump().
  Lister(const Inputs& inputs, const std::vector<Looked>& roots, Crew& dicom, Found found, std::vector<LooseFile>& loose);

  bool has_more() const { return !folders_.empty() || !links_.empty(); }  // to be asked for
  bool done() const { return !has_more() && asked_ == 0; }
  void ask();  // one request more, if there is anything to be asked for

  std::vector<std::string> unlisted;

 private:
  struct Folder {
    FolderPlace place;
    std::size_t root = 0;
    int losses = 0;          // of workers that were asked for it
    std::size_t listed = 0;  // entries
  };
  struct Link {
    std::string path;
    std::size_t root = 0;
  };
  struct Root {
    std::filesystem::path path;
    int silent = 0;  // folders in a row that did not answer
  };

  void walk(const std::string& folder, std::size_t root);
  void file(const std::string& path, PathKind kind, const std::optional<FileState>& state);
  void link(const Link& link, const Looked& target);
  void entry(const std::string& path, const ListedEntry& entry, std::size_t root);
  void take(Folder folder, const ListedFolder& said);
  void lose(std::vector<Folder> folders, const Lost& lost);
  void unlistable(const std::string& folder, const std::string& why);
  void unreadable(const std::string& path, const std::string& why);
  std::vector<Folder> next_folders();
  void ask_folders();
  void ask_links();

  Crew& dicom_;
  Found found_;
  std::vector<LooseFile>& loose_;
  std::vector<Root> roots_;
  std::vector<Folder> folders_;  // the last first: what lies in a folder comes before the rest of that folder
  std::vector<Link> links_;
  std::size_t asked_ = 0;  // requests under way
  std::set<std::string> left_out_, walked_;
  bool follow_links_;
  std::chrono::milliseconds timeout_;
};

}  // namespace aidp
