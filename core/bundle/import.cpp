// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/import.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/publish.hpp"
#include "core/base/text.hpp"
#include "core/base/zip.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t config_bytes_at_most = 1 << 20;
constexpr const char* export_remedy = "export it: python -m monai.bundle ckpt_export --filepath models/model.ts";

struct Bundle {
  BundleTexts texts;
  fs::path artifact;
  fs::path licence;  // a file; empty where there is none
};

[[noreturn]] void lacks(const fs::path& bundle, const std::string& what, const std::string& remedy) {
  throw Error(Reason::package_invalid, bundle.string() + " is not a MONAI bundle that can be imported: it has no " + what, remedy);
}

Bundle read_folder(const fs::path& folder) {
  Bundle bundle;
  const auto whole = fs::absolute(folder).lexically_normal();
  bundle.texts.folder_name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  const auto metadata = folder / "configs/metadata.json";
  if (!fs::is_regular_file(metadata)) lacks(folder, "configs/metadata.json", "name the bundle's own folder");
  bundle.texts.metadata = read_file(metadata, config_bytes_at_most);
  bundle.texts.metadata_file = "configs/metadata.json";
  for (const char* name : {"configs/inference.json", "configs/inference.yaml", "configs/inference.yml"}) {
    if (!bundle.texts.inference_file.empty() || !fs::is_regular_file(folder / name)) continue;
    bundle.texts.inference = read_file(folder / name, config_bytes_at_most);
    bundle.texts.inference_file = name;
  }
  if (bundle.texts.inference_file.empty()) lacks(folder, "configs/inference.json or .yaml", "ask its vendor for a bundle that can infer");
  bundle.artifact = folder / "models/model.ts";
  if (!fs::is_regular_file(bundle.artifact)) lacks(folder, "models/model.ts", export_remedy);
  if (fs::is_regular_file(folder / "LICENSE")) bundle.licence = folder / "LICENSE";
  return bundle;
}

Bundle read_torchscript(const fs::path& file) {
  Bundle bundle;
  bundle.artifact = file;
  ZipFile zip(file);
  const auto entry = [&](const std::string& name) {
    for (const auto& listed : zip.entries())
      if (listed.name.ends_with("/extra/" + name) && std::ranges::count(listed.name, '/') == 2) return listed.name;
    lacks(file, "extra file " + name, "name the bundle's folder, or " + std::string(export_remedy));
  };
  bundle.texts = {.metadata = zip.content(entry("metadata.json"), config_bytes_at_most),
                  .metadata_file = "metadata.json",
                  .inference = zip.content(entry("inference.json"), config_bytes_at_most),
                  .inference_file = "inference.json",
                  .folder_name = {}};
  return bundle;
}

// As fs::copy_file does, which tells a full disk as an I/O error.
void copy_whole(const fs::path& from, const fs::path& to) {
  copy_and_hash(from, to);
  fs::permissions(to, fs::status(from).permissions());
}
}  // namespace

Manifest import_bundle(const fs::path& path, const fs::path& to, BundleAnswers answers) {
  if (!fs::exists(path)) throw Error(Reason::path_missing, "no such bundle: " + path.string(), "name its folder, or its model.ts");
  if (!fs::is_directory(path) && !fs::is_regular_file(path)) lacks(path, "folder or file of its own", "name its folder, or its model.ts");
  const auto bundle = fs::is_directory(path) ? read_folder(path) : read_torchscript(path);
  if (answers.licence.empty() && !bundle.licence.empty()) answers.licence = "see the file LICENSE";
  const auto text = manifest_of_bundle(bundle.texts, answers);
  if (fs::exists(to)) throw Error(Reason::output_foreign, to.string() + " already exists", "name a new folder with --to");
  make_folder(to, "the package's folder");
  try {
    copy_whole(bundle.artifact, to / "model.ts");
    if (!bundle.licence.empty()) copy_whole(bundle.licence, to / "LICENSE");
    publish(to / "model.yaml", text, Overwrite::no);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(to, ignored);
    throw;
  }
  return load_manifest(to / "model.yaml");
}

}  // namespace aidp
