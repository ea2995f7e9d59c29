// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/import.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/publish.hpp"
#include "core/base/text.hpp"
#include "core/base/zip.hpp"
#include "core/bundle/artifact.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t config_bytes_at_most = 1 << 20;

struct Bundle {
  BundleTexts texts;
  fs::path model;  // a file; empty where it is an obstacle
  BundleArtifact artifact;
  fs::path licence;  // a file; empty where there is none
};

[[noreturn]] void lacks(const fs::path& bundle, const std::string& what, const std::string& remedy) {
  throw Error(Reason::package_invalid, bundle.string() + " is not a MONAI bundle that can be imported: it has no " + what, remedy);
}

// The configurations that a folder has, for messages.
std::string configs_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "configs"))
    if (const auto name = entry.path().stem().string(); name.starts_with("inference")) names.push_back(printable(name));
  std::ranges::sort(names);
  return names.empty() ? "" : "; it has " + join(names, ", ");
}

BundleText read_config(const fs::path& folder, const std::string& name) {
  for (const char* ending : {".json", ".yaml", ".yml"})
    if (const auto file = "configs/" + name + ending; fs::is_regular_file(folder / file))
      return {read_file(folder / file, config_bytes_at_most), file};
  lacks(folder, "configs/" + name + ".json or .yaml" + configs_in(folder),
        "name one that it has with --config, or ask its vendor for a bundle that can infer");
}

Bundle read_folder(const fs::path& folder, const std::vector<std::string>& configs, Findings& findings) {
  Bundle bundle;
  const auto whole = fs::absolute(folder).lexically_normal();
  bundle.texts.folder_name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  const auto metadata = folder / "configs/metadata.json";
  if (!fs::is_regular_file(metadata)) lacks(folder, "configs/metadata.json", "name the bundle's own folder");
  bundle.texts.metadata = {read_file(metadata, config_bytes_at_most), "configs/metadata.json"};
  for (const auto& name : configs) bundle.texts.inference.push_back(read_config(folder, name));
  findings.collect([&] {
    bundle.model = find_artifact(folder, bundle.texts);
    bundle.artifact = artifact_of(bundle.model);
  });
  if (fs::is_regular_file(folder / "LICENSE")) bundle.licence = folder / "LICENSE";
  return bundle;
}

Bundle read_single_file(const fs::path& file, const std::vector<std::string>& configs, Findings& findings) {
  Bundle bundle;
  bundle.model = file;
  ZipFile zip(file);
  const auto extra = [&](const std::string& name) -> BundleText {
    for (const auto& listed : zip.entries())
      if (listed.name.ends_with("/extra/" + name) && std::ranges::count(listed.name, '/') == 2)
        return {zip.content(listed.name, config_bytes_at_most), name};
    lacks(file, "extra file " + name, "name the bundle's folder, or export it with monai.bundle ckpt_export, which adds them");
  };
  bundle.texts.metadata = extra("metadata.json");
  for (const auto& name : configs) bundle.texts.inference.push_back(extra(name + ".json"));
  findings.collect([&] { bundle.artifact = artifact_of(file); });
  return bundle;
}

// As fs::copy_file does, which tells a full disk as an I/O error.
void copy_whole(const fs::path& from, const fs::path& to) {
  copy_and_hash(from, to);
  fs::permissions(to, fs::status(from).permissions());
}

void write_package(const Bundle& bundle, const std::string& manifest, const fs::path& to) {
  if (fs::exists(to)) throw Error(Reason::output_foreign, to.string() + " already exists", "name a new folder with --to");
  make_folder(to, "the package's folder");
  try {
    copy_whole(bundle.model, to / bundle.artifact.file);
    if (!bundle.licence.empty()) copy_whole(bundle.licence, to / "LICENSE");
    publish(to / "model.yaml", manifest, Overwrite::no);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(to, ignored);
    throw;
  }
}
}  // namespace

ImportedBundle import_bundle(const fs::path& path, const fs::path& to, std::vector<std::string> configs, BundleAnswers answers) {
  if (!fs::exists(path)) throw Error(Reason::path_missing, "no such bundle: " + path.string(), "name its folder, or its model.ts");
  if (!fs::is_directory(path) && !fs::is_regular_file(path)) lacks(path, "folder or file of its own", "name its folder, or its model.ts");
  if (configs.empty()) configs = {"inference"};
  Findings findings;
  const auto bundle = fs::is_directory(path) ? read_folder(path, configs, findings) : read_single_file(path, configs, findings);
  if (answers.licence.empty() && !bundle.licence.empty()) answers.licence = "see the file LICENSE";
  write_package(bundle, manifest_of_bundle(bundle.texts, bundle.artifact, answers, findings), to);
  return {load_manifest(to / "model.yaml"), findings.warnings()};
}

}  // namespace aidp
