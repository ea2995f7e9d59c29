// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/manifest.hpp"

#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/manifest/sections.hpp"

namespace aidp {

namespace {
constexpr const char* remedy = "correct the manifest; man 5 aidp-manifest describes every key";

void read_identity(Fields& fields, Manifest& manifest, Mistakes& mistakes) {
  manifest.schema = fields.choice("schema", {"aidp.model/1"});
  manifest.name = fields.text("name");
  check_form(fields.node()["name"], manifest.name, "[a-z0-9][a-z0-9-]{0,62}", "model name: lower-case letters, digits and '-', at most 63",
             mistakes);
  manifest.version = fields.text("version");
  check_form(fields.node()["version"], manifest.version, "[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}(-[0-9A-Za-z.-]{1,63})?",
             "version such as 1.0.0 (semver)", mistakes);
  manifest.title = fields.text("title");
  manifest.vendor = fields.text("vendor");
  manifest.contact = fields.text("contact");
  manifest.licence = fields.text("licence");
  manifest.intended_use = fields.text("intended_use");
  manifest.not_for = fields.text("not_for", false);
  manifest.regulatory_status =
      fields.choice("regulatory_status", {"research-use-only", "investigational", "ce-marked", "ukca-marked", "fda-cleared"});
}

void read_artifact(Fields& fields, Manifest& manifest, Mistakes& mistakes) {
  const auto node = fields.take("artifact", true);
  if (!node.IsDefined()) return;
  Fields artifact(node, "artifact", mistakes);
  manifest.artifact_kind =
      artifact.choice("kind", {"torchscript", "aotinductor"}) == "torchscript" ? ArtifactKind::torchscript : ArtifactKind::aotinductor;
  manifest.artifact_file = package_path(artifact, "file", mistakes);
  artifact.finish();
}

void read_geometry(Fields& input, Manifest& manifest, Mistakes& mistakes) {
  const auto node = input.take("geometry", false);
  if (!node.IsDefined()) return;
  if (manifest.unit != Unit::series) mistakes.add(node, "'geometry' applies to volumes: it needs 'unit: series'");
  Fields geometry(node, "geometry", mistakes);
  if (geometry.choice("several", {"reject", "split"}, false) == "split") manifest.several_volumes = SeveralVolumes::split;
  manifest.straightening.gantry_tilt = geometry.choice("gantry_tilt", {"reject", "resample"}, false) == "resample";
  const bool uneven = geometry.choice("uneven_spacing", {"reject", "resample"}, false) == "resample";
  const auto largest_gap_mm = geometry.number("largest_gap_mm", uneven, 0);
  if (largest_gap_mm && !uneven) mistakes.add(node, "'largest_gap_mm' needs 'uneven_spacing: resample'");
  if (largest_gap_mm == 0.0) mistakes.add(node, "'largest_gap_mm' must be above 0");
  manifest.straightening.largest_gap_mm = largest_gap_mm.value_or(0);
  geometry.finish();
}

void read_input(Fields& fields, Manifest& manifest, Mistakes& mistakes) {
  const auto node = fields.take("input", true);
  if (!node.IsDefined()) return;
  Fields input(node, "input", mistakes);
  manifest.unit = input.choice("unit", {"instance", "series"}) == "series" ? Unit::series : Unit::instance;
  manifest.channels = input.choice("channels", {"1", "3"}, false) == "3" ? 3 : 1;
  const auto voi = input.take("voi", false);
  manifest.voi = input.choice("voi", {"ignore", "apply"}, false) == "apply";
  if (manifest.voi && manifest.channels != 1) mistakes.add(voi, "'voi' applies to grey values: it needs 'channels: 1'");
  manifest.select = read_rules(input.take("select", true), "select", mistakes);
  manifest.one_per_study = input.choice("per_study", {"all", "one"}, false) == "one";
  read_geometry(input, manifest, mistakes);
  const auto incomplete = input.take("incomplete", false);
  manifest.incomplete_allowed = input.choice("incomplete", {"reject", "allow"}, false) == "allow";
  if (incomplete.IsDefined() && manifest.unit != Unit::series)
    mistakes.add(incomplete, "'incomplete' applies to volumes: it needs 'unit: series'");
  const auto prefer = input.take("prefer", false);
  manifest.prefer = read_preferences(prefer, mistakes);
  if (prefer.IsDefined() && !manifest.one_per_study)
    mistakes.add(prefer, "'prefer' needs 'per_study: one'; with 'all' there is nothing to choose");
  input.finish();
}

Manifest read_manifest(const YAML::Node& root, Mistakes& mistakes) {
  Manifest manifest;
  Fields fields(root, "the manifest", mistakes);
  if (!root.IsMap()) return manifest;
  read_identity(fields, manifest, mistakes);
  read_artifact(fields, manifest, mistakes);
  read_input(fields, manifest, mistakes);
  manifest.preprocess = read_transforms(fields.take("preprocess", false), false, manifest.unit, mistakes);
  manifest.inferer = read_inferer(fields.take("inferer", false), manifest.unit, mistakes);
  manifest.postprocess = read_transforms(fields.take("postprocess", false), true, manifest.unit, mistakes);
  manifest.outputs = read_outputs(fields.take("outputs", true), manifest.unit, mistakes);
  manifest.batch_max = fields.integer("batch_max", 1, 4096).value_or(32);
  manifest.timeout_s = fields.integer("timeout_s", 1, 86400).value_or(300);
  manifest.tolerance = fields.number("tolerance", false, 0).value_or(1e-3);
  manifest.golden = read_golden_cases(fields.take("golden", false), manifest.outputs, mistakes);
  fields.finish();
  return manifest;
}
}  // namespace

Manifest parse_manifest(const std::string& yaml, const std::string& file_name) {
  auto strict = inspect_yaml(yaml);
  Mistakes mistakes;
  mistakes.add(std::move(strict.mistakes));
  Manifest manifest;
  if (strict.can_be_built) manifest = read_manifest(YAML::Load(yaml), mistakes);
  if (!mistakes.empty()) throw Error(Reason::manifest_invalid, mistakes.text(file_name), remedy);
  return manifest;
}

Manifest load_manifest(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file))  // before it is opened: opening a pipe would wait for its writer
    throw Error(Reason::manifest_invalid, file.string() + " is not a regular file", "name a package's model.yaml");
  if (::access(file.c_str(), R_OK) != 0)
    throw Error(Reason::path_unreadable, "the manifest " + file.string() + " cannot be read", "give this user permission to read it");
  if (std::filesystem::file_size(file) > yaml_bytes_at_most)
    throw Error(Reason::manifest_invalid, file.string() + ":1:1: the file is larger than 1 MiB", remedy);
  return parse_manifest(read_file(file), file.string());
}

}  // namespace aidp
