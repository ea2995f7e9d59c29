// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/artifact.hpp"

#include <algorithm>

#include "core/base/zip.hpp"
#include "core/bundle/config.hpp"

namespace aidp {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {
// The shape of a tensor that the network takes, for tracing: of the metadata, or of the sliding window where they have no numbers.
std::string traced_shape(const BundleConfig& metadata, const BundleConfig& inference) {
  const auto inputs = metadata.value("network_data_format::inputs");
  const auto input = inputs.is_object() && !inputs.empty() ? *inputs.begin() : json::object();
  const auto numbers = [](const json& list) {
    return list.is_array() && !list.empty() && std::ranges::all_of(list, [](const json& size) { return size.is_number_integer(); });
  };
  auto sizes = input.value("spatial_shape", json());
  if (!numbers(sizes)) sizes = inference.value("inferer::roi_size");
  if (!numbers(sizes)) sizes = {96, 96, 96};
  auto shape = json::array({1, input.value("num_channels", json(1))});
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  return shape.dump();
}

std::string export_remedy(const BundleTexts& texts) {
  std::string network = "network_def", shape = "[1,1,96,96,96]";
  try {
    const BundleConfig metadata(texts.metadata.text, texts.metadata.file);
    const BundleConfig inference(texts.inference.front().text, texts.inference.front().file);
    if (!inference.has(network) && inference.has("network")) network = "network";
    shape = traced_shape(metadata, inference);
  } catch (const Error&) {  // what cannot be read is an obstacle of its own
  }
  return "export it in the bundle's folder (with the Python packages monai, fire and pyyaml): python -m monai.bundle ckpt_export " +
         network + " --filepath models/model.ts --ckpt_file models/model.pt --meta_file configs/metadata.json --config_file " +
         texts.inference.front().file + "; a network that cannot be scripted is traced: add --use_trace True --input_shape \"" + shape +
         "\"";
}

bool is_compiled(const fs::path& file) {
  const ZipFile zip(file);
  return std::ranges::any_of(zip.entries(), [](const ZipFile::Entry& entry) {
    return entry.name.starts_with("data/aotinductor/") || entry.name.find("/data/aotinductor/") != std::string::npos;
  });
}
}  // namespace

BundleArtifact artifact_of(const fs::path& file) {
  if (file.extension() != ".pt2") return {ArtifactKind::torchscript, "model.ts"};
  if (is_compiled(file)) return {ArtifactKind::aotinductor, "model.pt2"};
  throw Error(Reason::package_invalid, file.string() + " is a program of torch.export; aidp runs TorchScript and AOTInductor packages",
              "export the model as TorchScript, or compile it for this machine: python -c 'import torch; "
              "torch._inductor.aoti_compile_and_package(torch.export.load(\"exported.pt2\"), package_path=\"model.pt2\")', "
              "with the file renamed to exported.pt2");
}

fs::path find_artifact(const fs::path& folder, const BundleTexts& texts) {
  for (const char* name : {"models/model.ts", "models/model.pt2"})
    if (fs::is_regular_file(folder / name)) return folder / name;
  throw Error(Reason::package_invalid, folder.string() + " has no models/model.ts", export_remedy(texts));
}

}  // namespace aidp
