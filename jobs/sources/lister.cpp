// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/lister.hpp"

#include <algorithm>
#include <climits>
#include <iterator>
#include <system_error>
#include <utility>

#include "jobs/protocol/ask.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t folders_per_request = 64;
constexpr std::size_t most_entries = std::size_t{1} << 24;  // of one folder: a worker that was taken over makes up no more
constexpr int most_losses = 2;                              // of workers, for one folder by itself
constexpr int most_silent = 3;                              // folders in a row, and the input is taken for dead

std::string words(int error) { return std::generic_category().message(error); }

bool inside(const fs::path& target, const fs::path& root) {
  const auto relative = target.lexically_relative(root);
  return !relative.empty() && *relative.begin() != "..";
}
}  // namespace

Lister::Lister(const Inputs& inputs, const std::vector<Looked>& roots, Crew& dicom, Found found, std::vector<LooseFile>& loose)
    : dicom_(dicom), found_(std::move(found)), loose_(loose), follow_links_(inputs.follow_links), timeout_(inputs.answer_within) {
  std::error_code none;
  for (const auto& folder : inputs.left_out) left_out_.insert(fs::weakly_canonical(fs::absolute(folder, none), none).string());
  for (const auto& root : roots) {
    if (root.kind != PathKind::folder) {
      file(root.path, root.kind, root.state);
      continue;
    }
    roots_.push_back({root.path});
    walk(root.path, roots_.size() - 1);
  }
}

void Lister::walk(const std::string& folder, std::size_t root) {
  if (left_out_.contains(folder) || (follow_links_ && !walked_.insert(folder).second)) return;  // links may lead round
  folders_.push_back({{folder, {}, 0}, root});
}

void Lister::unlistable(const std::string& folder, const std::string& why) {
  loose_.push_back({folder, Reason::dicom_unreadable, "the folder cannot be listed: " + why});
  unlisted.push_back(folder);
}

void Lister::unreadable(const std::string& path, const std::string& why) {
  loose_.push_back({path, Reason::dicom_unreadable, "cannot be looked at: " + why});
}

void Lister::file(const std::string& path, PathKind kind, const std::optional<FileState>& state) {
  if (kind != PathKind::file) return loose_.push_back({path, Reason::not_dicom, "not a regular file"});
  found_(path, state);
}

void Lister::link(const Link& link, const Looked& target) {
  if (target.missing) return loose_.push_back({link.path, Reason::dicom_unreadable, "a link to nothing"});
  if (target.kind == PathKind::unknown) return unreadable(link.path, target.why);
  const auto& root = roots_[link.root].path;
  const bool is_file = target.kind == PathKind::file, is_folder = target.kind == PathKind::folder;
  if (is_file && (follow_links_ || inside(target.path, root))) return file(target.path, target.kind, target.state);
  if (is_folder && inside(target.path, root)) return;  // reached by its own name
  if (is_folder && follow_links_) return walk(target.path, link.root);
  loose_.push_back({link.path, Reason::not_dicom, "a link out of the input folder is not followed without --follow-links"});
}

void Lister::entry(const std::string& path, const ListedEntry& entry, std::size_t root) {
  if (path.size() >= PATH_MAX) return unreadable(path, words(ENAMETOOLONG));
  if (entry.kind == PathKind::folder) return walk(path, root);
  if (entry.kind == PathKind::link) return links_.push_back({path, root});
  if (entry.kind == PathKind::unknown) return unreadable(path, words(entry.error));  // as in a folder that may not be entered
  file(path, entry.kind, entry.error == 0 ? std::optional(entry.state) : std::nullopt);
}

void Lister::take(Folder folder, const ListedFolder& said) {
  const auto path = folder.place.path;
  const auto root = folder.root;
  roots_[root].silent = 0;
  if (said.error != 0) unlistable(path, words(said.error));
  folder.listed += said.entries.size();
  if (said.more && folder.listed > most_entries) unlistable(path, "it has more than " + std::to_string(most_entries) + " entries");
  if (said.more && folder.listed <= most_entries) {
    folder.losses = 0;
    if (!said.entries.empty()) folder.place = {path, said.entries.back().name, said.cookie};
    folders_.push_back(std::move(folder));
  }
  const auto above = path.ends_with('/') ? path : path + "/";
  for (const auto& each : said.entries) entry(above + each.name, each, root);
}

// Of several the one that is to blame is not known: each is asked for by itself.
void Lister::lose(std::vector<Folder> folders, const Lost& lost) {
  const bool alone = folders.size() == 1, is_silent = lost.reason == Reason::worker_timeout;
  for (auto& folder : folders) {
    ++folder.losses;
    if (alone && is_silent) ++roots_[folder.root].silent;
    if (alone && (is_silent || folder.losses >= most_losses))
      unlistable(folder.place.path, why_lost(lost, timeout_));
    else
      folders_.push_back(std::move(folder));
  }
}

std::vector<Lister::Folder> Lister::next_folders() {
  std::vector<Folder> next;
  while (!folders_.empty() && next.size() < folders_per_request) {
    auto& folder = folders_.back();
    const bool alone = folder.losses > 0, is_dead = roots_[folder.root].silent >= most_silent;
    if (!is_dead && alone && !next.empty()) break;
    if (is_dead)
      unlistable(folder.place.path,
                 "it was not asked for: the last " + std::to_string(most_silent) + " folders of the input did not answer");
    else
      next.push_back(std::move(folder));
    folders_.pop_back();
    if (!is_dead && alone) break;
  }
  return next;
}

void Lister::ask_folders() {
  auto folders = next_folders();
  if (folders.empty()) return;
  ListRequest request;
  for (const auto& folder : folders) request.folders.push_back(folder.place);
  ++asked_;
  dicom_.submit(task_of<ListRequest>(std::move(request), timeout_, [this, folders = std::move(folders)](Answered<ListRequest> said) {
    --asked_;
    if (const auto* lost = std::get_if<Lost>(&said)) return lose(folders, *lost);
    if (const auto* failure = std::get_if<Failure>(&said)) return lose(folders, {failure->reason, failure->message});
    const auto& answers = std::get<ListReply>(said).folders;
    for (std::size_t i = 0; i < folders.size(); ++i) take(folders[i], answers[i]);
  }));
}

void Lister::ask_links() {
  const auto links = std::exchange(links_, {});
  std::vector<std::string> paths;
  for (const auto& each : links) paths.push_back(each.path);
  asked_ += links.size();
  look(
      dicom_, std::move(paths),
      [this, links](std::size_t i, const Looked& target) {
        --asked_;
        link(links[i], target);
      },
      timeout_);
}

void Lister::ask() { links_.empty() ? ask_folders() : ask_links(); }

}  // namespace aidp
