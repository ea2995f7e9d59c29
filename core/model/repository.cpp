// SPDX-License-Identifier: Apache-2.0
#include "core/model/repository.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/base/who.hpp"
#include "core/manifest/normalised.hpp"
#include "core/model/copy.hpp"
#include "core/model/version.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t digest_prefix_at_least = 6;

InstalledModel model_of(const Statement& row, const Home& home) {
  return {row.text(0), row.text(1), row.text(2), parse_time(row.text(3)), home.models() / row.text(0)};
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

std::string name_of(Acceptance::Golden golden) {
  return golden == Acceptance::Golden::passed ? "passed" : golden == Acceptance::Golden::none ? "none" : "unchecked";
}

nlohmann::json event_of(const char* event, const std::string& model, const std::string& digest) {
  return {{"event", event}, {"model", model}, {"model_digest", digest}, {"user", user_name()}, {"uid", ::geteuid()}, {"host", host_name()}};
}

std::string json_text(const std::string& yaml) {
  return normalised_manifest(yaml).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
}  // namespace

Repository::Repository(const Home& home, Database& database) : home_(home), database_(database) {
  if (!database_.can_write()) return;
  make_folder(home_.models(), "the folder of models", private_folder_mode);
  describe_all();
}

// It is never held for long, so a moment's wait is part of taking it.
FileLock Repository::lock(LockWait wait) const {
  wait.at_most = std::max<std::chrono::milliseconds>(wait.at_most, std::chrono::seconds(10));
  return {home_.writer_lock(), "the store " + home_.root.string(), wait};
}

Repository::InstallResult Repository::install(const Package& package, const std::function<Acceptance(const Package&)>& accept,
                                              const LockWait& wait) {
  if (auto model = same(package)) return {Installed::already, *model};
  Copy copy(package, home_, lock(wait));
  copy.fill();
  const auto acceptance = accept(copy.package());
  copy.check();
  const auto held = lock(wait);
  if (auto model = same(package)) return {Installed::already, *model};  // another process was first
  copy.place();
  record(copy.package(), acceptance);
  return {Installed::now, find(package.digest)};
}

std::optional<InstalledModel> Repository::same(const Package& package) {
  for (const auto& model : list()) {
    if (model.digest == package.digest) {
      verify(model);
      return model;
    }
    if (model.name == package.manifest.name && model.version == package.manifest.version)
      throw Error(Reason::package_conflict,
                  package.manifest.id() + " is already installed with different content (" + model.digest.substr(0, 12) + ")",
                  "give the changed package a new version, or remove the installed one first");
  }
  return {};
}

void Repository::record(const Package& package, const Acceptance& acceptance) {
  const auto yaml = read_file(home_.models() / package.digest / "model.yaml");
  Transaction transaction(database_);
  database_
      .prepare(
          "INSERT INTO model (digest, name, version, manifest, manifest_json, state, changed_at, leaf) VALUES (?, ?, ?, ?, ?, 'installed', "
          "?, -1) ON CONFLICT (digest) DO UPDATE SET state = 'installed', manifest_json = excluded.manifest_json, "
          "changed_at = excluded.changed_at")
      .bind(1, package.digest)
      .bind(2, package.manifest.name)
      .bind(3, package.manifest.version)
      .bind(4, yaml)
      .bind(5, json_text(yaml))
      .bind(6, to_text(now()))
      .run();
  auto event = event_of("model.installed", package.manifest.id(), package.digest);
  event["golden"] = name_of(acceptance.golden);
  event["golden_cases"] = package.manifest.golden.size();
  event["device"] = acceptance.device;
  AuditLog audit(database_);
  audit.append_row(std::move(event), "model", package.digest);
  audit.seal();
  transaction.commit();
}

// What no reader understands stays without.
void Repository::describe_all() {
  std::vector<std::pair<std::string, std::string>> described;
  auto rows = database_.prepare("SELECT digest, manifest FROM model WHERE manifest_json = ''");
  while (rows.step()) {
    try {
      described.emplace_back(rows.text(0), json_text(rows.text(1)));
    } catch (const Error&) {
      continue;
    }
  }
  if (described.empty()) return;
  Transaction transaction(database_);
  AuditLog audit(database_);
  auto update = database_.prepare("UPDATE model SET manifest_json = ?2 WHERE digest = ?1 AND manifest_json = '' RETURNING name, version");
  for (const auto& [digest, json] : described) {
    const bool is_first = update.bind(1, digest).bind(2, json).step();
    const auto model = is_first ? update.text(0) + "@" + update.text(1) : std::string{};
    update.run();
    if (is_first) audit.append_row(event_of("model.described", model, digest), "model", digest);
  }
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

InstalledModel Repository::find_only(const std::string& reference) {
  std::vector<std::string> versions;
  for (const auto& model : list())
    if (model.name == reference) versions.push_back(model.name + "@" + model.version);
  if (versions.size() > 1)
    throw Error(Reason::model_ambiguous,
                std::to_string(versions.size()) + " versions of " + printable(reference) + " are installed: " + join(versions, ", "),
                "name one of them");
  return find(reference);
}

FolderLock Repository::use(const InstalledModel& model) {
  const auto id = model.name + "@" + model.version;
  if (!fs::exists(model.folder))
    throw Error(Reason::package_changed, "the folder of the installed model " + id + " is missing",
                "remove it with `aidp model remove " + id + "` and install it again from a trusted copy");
  auto lock = FolderLock(model.folder, LockKind::shared, "the model " + id);
  find(model.digest);  // removed meanwhile?
  return lock;
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
    const bool tells_of_content =
        error.reason() == Reason::package_invalid || error.reason() == Reason::manifest_invalid || error.reason() == Reason::path_missing;
    if (!tells_of_content) throw;
    throw changed(error.what());
  }
  if (package.digest != model.digest) throw changed(differences(package, listed));
  return package;
}

void Repository::remove(const InstalledModel& model, const LockWait& wait) {
  const auto id = model.name + "@" + model.version;
  std::optional<FolderLock> unused;
  if (fs::exists(model.folder)) unused.emplace(model.folder, LockKind::exclusive, "the model " + id, wait);
  const auto held = lock(wait);
  find(model.digest);  // another process may have removed it
  Transaction transaction(database_);
  database_.prepare("UPDATE model SET state = 'removed', changed_at = ? WHERE digest = ?")
      .bind(1, to_text(now()))
      .bind(2, model.digest)
      .run();
  AuditLog audit(database_);
  audit.append_row(event_of("model.removed", id, model.digest), "model", model.digest);
  audit.seal();
  transaction.commit();
  remove_tree(model.folder);
  fs::remove(home_.models() / (model.digest + ".files"));
}

}  // namespace aidp
