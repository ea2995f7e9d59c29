// SPDX-License-Identifier: Apache-2.0
#include "core/model/repository.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t digest_prefix_at_least = 6;
constexpr auto file_mode = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
constexpr auto folder_mode = file_mode | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;

void remove_tree(const fs::path& folder) {
  std::error_code ignored;
  fs::permissions(folder, fs::perms::owner_all, ignored);
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
    if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::owner_all, ignored);
  fs::remove_all(folder);
}

// What a killed install left behind: temporaries begin with a dot.
void sweep(const fs::path& models) {
  for (const auto& entry : fs::directory_iterator(models))
    if (entry.path().filename().string().starts_with('.')) remove_tree(entry.path());
}

void copy_in(const Package& package, const fs::path& folder) {
  for (const auto& file : package.files) {
    const auto target = folder / file.path;
    fs::create_directories(target.parent_path());
    if (hex(copy_and_hash(package.folder / file.path, target)) != file.sha256)
      throw Error(Reason::package_changed, file.path + " of the package " + package.folder.string() + " changed while it was copied",
                  "install it again");
    fs::permissions(target, file_mode);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_directory()) {
      fsync_folder(entry.path());
      fs::permissions(entry.path(), folder_mode);
    }
  fsync_folder(folder);
}

InstalledModel model_of(const Statement& row, const Home& home) {
  return {row.text(0), row.text(1), row.text(2), parse_time(row.text(3)), home.models() / row.text(0)};
}

// Negative, 0 or positive, by Semantic Versioning 2.0.0 section 11: numbers by value and before words.
int compare_identifiers(const std::string& a, const std::string& b) {
  const auto is_number = [](const std::string& text) { return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }); };
  if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
  if (is_number(a) && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_parts(const std::string& a, const std::string& b) {
  const auto x = split(a, '.'), y = split(b, '.');
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
    if (const auto order = compare_identifiers(x[i], y[i]); order != 0) return order;
  return static_cast<int>(x.size()) - static_cast<int>(y.size());
}

// 1.10.0 after 1.9.0, and 1.0.0 after 1.0.0-rc1.
bool older(const std::string& a, const std::string& b) {
  const auto dash_a = a.find('-'), dash_b = b.find('-');
  if (const auto order = compare_parts(a.substr(0, dash_a), b.substr(0, dash_b)); order != 0) return order < 0;
  if (dash_a == std::string::npos || dash_b == std::string::npos) return dash_a != std::string::npos && dash_b == std::string::npos;
  return compare_parts(a.substr(dash_a + 1), b.substr(dash_b + 1)) < 0;
}

std::string differences(const Package& now, const std::string& listed) {
  std::vector<std::string> changes;
  const auto lines = split(listed, '\n');
  const auto expected = [&](const PackageFile& file) { return file.sha256 + "  " + std::to_string(file.size) + "  " + file.path; };
  for (const auto& file : now.files)
    if (std::ranges::find(lines, expected(file)) == lines.end()) changes.push_back(file.path);
  for (const auto& line : lines) {
    if (line.empty()) continue;
    const auto path = line.substr(line.find("  ", 66) + 2);
    if (std::ranges::find(now.files, path, &PackageFile::path) == now.files.end()) changes.push_back(path + " (missing)");
  }
  return join(changes, ", ");
}

}  // namespace

Repository::Repository(const Home& home, Database& database) : home_(home), database_(database) { fs::create_directories(home_.models()); }

// What lies there already is no installed model's: a killed install or remove left it, whole or in part.
void Repository::place(const Package& package) {
  const auto final_folder = home_.models() / package.digest;
  if (fs::exists(final_folder)) remove_tree(final_folder);
  const auto temporary = home_.models() / ("." + package.digest);
  try {
    fs::create_directories(temporary);
    copy_in(package, temporary);
    publish(home_.models() / (package.digest + ".files"), listing_of(package), Overwrite::yes);
  } catch (...) {
    remove_tree(temporary);  // a full disk is not kept full
    throw;
  }
  fs::rename(temporary, final_folder);
  fs::permissions(final_folder, folder_mode);
  fsync_folder(home_.models());
}

Repository::InstallResult Repository::install(const Package& package, const std::function<void()>& accept) {
  sweep(home_.models());
  for (const auto& model : list()) {
    if (model.digest == package.digest) {
      verify(model);
      return {Installed::already, model};
    }
    if (model.name == package.manifest.name && model.version == package.manifest.version)
      throw Error(Reason::package_conflict,
                  package.manifest.id() + " is installed already with another content (" + model.digest.substr(0, 12) + ")",
                  "give the changed package a new version, or remove the installed one first");
  }
  if (accept) accept();
  place(package);
  record(package);
  return {Installed::now, find(package.digest)};
}

void Repository::record(const Package& package) {
  Transaction transaction(database_);
  database_
      .prepare(
          "INSERT INTO model (digest, name, version, manifest, state, changed_at, leaf) VALUES (?, ?, ?, ?, 'installed', ?, -1)"
          " ON CONFLICT (digest) DO UPDATE SET state = 'installed', changed_at = excluded.changed_at")
      .bind(1, package.digest)
      .bind(2, package.manifest.name)
      .bind(3, package.manifest.version)
      .bind(4, read_file(home_.models() / package.digest / "model.yaml"))
      .bind(5, to_text(now()))
      .run();
  AuditLog audit(database_);
  audit.append_row({{"event", "model.installed"}, {"model", package.manifest.id()}, {"model_digest", package.digest}}, "model",
                   package.digest);
  audit.seal();
  transaction.commit();
}

std::vector<InstalledModel> Repository::list() {
  std::vector<InstalledModel> models;
  auto rows = database_.prepare("SELECT digest, name, version, changed_at FROM model WHERE state = 'installed'");
  while (rows.step()) models.push_back(model_of(rows, home_));
  std::ranges::sort(models, [](const auto& a, const auto& b) { return a.name != b.name ? a.name < b.name : older(a.version, b.version); });
  return models;
}

InstalledModel Repository::find(const std::string& reference) {
  const auto at = reference.find('@');
  const auto models = list();
  std::optional<InstalledModel> found;
  std::vector<std::string> names;
  for (const auto& model : models) {
    names.push_back(model.name);
    const bool by_digest = reference.size() >= digest_prefix_at_least && model.digest.starts_with(reference);
    const bool by_name = model.name == reference.substr(0, at) && (at == std::string::npos || model.version == reference.substr(at + 1));
    if (by_digest && found && found->digest.starts_with(reference))
      throw Error(Reason::model_ambiguous, "'" + printable(reference) + "' is the beginning of several digests", "give more of it");
    if (by_digest || by_name) found = model;
  }
  if (found) return *found;
  for (const auto& model : models) names.push_back(model.name + "@" + model.version);
  const auto near = nearest(reference, names);
  throw Error(Reason::model_unknown, "no model '" + printable(reference) + "' is installed",
              near             ? "did you mean '" + *near + "'?"
              : models.empty() ? "install one with `aidp model install PATH`"
                               : "see `aidp model list`");
}

Package Repository::verify(const InstalledModel& model) {
  const std::string remedy =
      "remove it with `aidp model remove " + model.name + "@" + model.version + "` and install it again from a trusted copy";
  const auto changed = [&](const std::string& what) -> Error {
    return {Reason::package_changed, "the installed model " + model.name + "@" + model.version + " is not what was installed: " + what,
            remedy};
  };
  const auto list_file = home_.models() / (model.digest + ".files");
  if (!fs::exists(model.folder)) throw changed("its folder is missing");
  const auto listed = fs::exists(list_file) ? read_file(list_file) : "";
  if (hex(sha256(listed)) != model.digest) throw changed("its list of files was changed");
  Package package;
  try {
    package = read_package(model.folder);
  } catch (const Error& error) {
    if (error.reason() == Reason::path_unreadable) throw;  // says nothing about what is in it
    throw changed(error.what());
  }
  if (package.digest != model.digest) throw changed(differences(package, listed));
  return package;
}

void Repository::remove(const InstalledModel& model) {
  Transaction transaction(database_);
  database_.prepare("UPDATE model SET state = 'removed', changed_at = ? WHERE digest = ?")
      .bind(1, to_text(now()))
      .bind(2, model.digest)
      .run();
  AuditLog audit(database_);
  audit.append_row({{"event", "model.removed"}, {"model", model.name + "@" + model.version}, {"model_digest", model.digest}}, "model",
                   model.digest);
  audit.seal();
  transaction.commit();
  if (fs::exists(model.folder)) remove_tree(model.folder);
  fs::remove(home_.models() / (model.digest + ".files"));
}

}  // namespace aidp
