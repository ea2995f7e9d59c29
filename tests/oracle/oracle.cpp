// SPDX-License-Identifier: Apache-2.0
// What aidp makes of DICOM, for the comparison with other software (test_monai.py). Tensors come and go as torch.save writes them.
//   aidp_oracle input MODEL.yaml FOLDER OUT           [tensor that the model is given, its affine in RAS]
//   aidp_oracle after MODEL.yaml FOLDER IN OUT        [IN, an output on that grid, after postprocess]
//   aidp_oracle invert MODEL.yaml FOLDER IN OUT       [IN, labels on that grid, on the source grid: slice, row, column]
//   aidp_oracle stored FILE OUT                       stored values of all frames, little-endian
//   aidp_oracle decoded FILE OUT                      the same, as a model is given them: palette, modality LUT and RGB, before the rescale
//   aidp_oracle windows MODEL.yaml TORCHSCRIPT IN OUT [the model's output for the batch IN, by the manifest's inferer]
//   aidp_oracle chain MODEL.yaml FOLDER IN LABELS OUT [as input: tensor, affine; IN as Invert brings it back, linearly and by the nearest
//                                                      voxel; LABELS as invert]
//   aidp_oracle serve                                 any of these from standard input, words between tabs, a request a line; answers each
//                                                     with a line: nothing, or what went wrong
// AIDP_ORACLE_DEVICE=cuda:0: the tensors are those of a GPU.
#include <torch/serialize.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "core/base/file.hpp"
#include "core/dicom/codec/pixels.hpp"
#include "core/dicom/geometry/geometry.hpp"
#include "core/dicom/read/file_reader.hpp"
#include "core/dicom/read/read_header.hpp"
#include "core/inference/fused_2d.hpp"
#include "core/inference/sliding_window.hpp"
#include "core/inference/transforms.hpp"

using namespace aidp;

namespace {
at::Device device() {
  const char* named = std::getenv("AIDP_ORACLE_DEVICE");
  return at::Device(named ? named : "cpu");
}

at::Tensor load(const std::string& path) {
  const auto bytes = read_file(path, std::size_t{1} << 32);
  return torch::pickle_load({bytes.begin(), bytes.end()}).toTensor().to(device());
}

// As a tuple: torch.load takes lists of tensors for code.
void save(const std::string& path, std::vector<at::IValue> tensors) {
  for (auto& tensor : tensors) tensor = tensor.toTensor().cpu();
  const auto bytes = torch::pickle_save(c10::ivalue::Tuple::create(std::move(tensors)));
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

struct Image {
  ImageHeader header;
  std::vector<std::byte> values;
};

// A series, or a single file as a frame, as the DICOM worker decodes it.
Image read_image(const std::string& folder) {
  std::vector<InstanceHeader> series;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const auto path = file.path().string();
    series.push_back(read_header(path, std::make_shared<FileReader>(path), {}));
  }
  const auto plan = series.size() > 1 ? plan_volume(series) : plan_frame(series[0], 0);
  Image image;
  image.header.affine = plan.affine;
  image.header.spacing_mm = plan.spacing_mm;
  image.header.has_geometry = image.header.has_spacing = true;
  image.header.slices = static_cast<std::int64_t>(plan.slices.size());
  image.header.slope.clear();
  image.header.intercept.clear();
  for (const auto& slice : plan.slices) {
    PixelFile file(series[slice.instance].path);
    file.describe(image.header);
    const auto [slope, intercept] = file.rescale(slice.frame);
    image.header.slope.push_back(slope);
    image.header.intercept.push_back(intercept);
    const auto done = image.values.size();
    image.values.resize(done + decoded_form(file.header()).bytes);
    file.decode(slice.frame, std::span(image.values).subspan(done));
  }
  return image;
}

Sample sample_of(const Manifest& manifest, const std::string& folder) {
  const auto image = read_image(folder);
  if (device().is_cpu())
    if (auto fused = fused_sample(image.header, image.values.data(), manifest)) return *fused;
  auto sample = make_sample(image.header, image.values.data(), manifest.unit == Unit::series, manifest.channels, device());
  for (const auto& transform : manifest.preprocess) apply(transform, sample);
  return sample;
}

// 4 x 4, from tensor indices to mm in RAS.
at::Tensor affine_of(const Sample& sample) {
  auto affine = at::eye(4, at::kDouble);
  for (std::size_t row = 0; row < 3; ++row) {
    const auto at = static_cast<std::int64_t>(row);
    for (std::size_t axis = 0; axis < sample.axes(); ++axis) affine[at][static_cast<std::int64_t>(axis)] = sample.directions_ras[axis][row];
    affine[at][3] = sample.origin_ras[row];
  }
  return affine;
}

void write_values(const std::string& path, bool stored, const std::string& out) {
  PixelFile file(path);
  const auto& header = stored ? file.stored() : file.header();
  const auto form = stored ? stored_form(header) : decoded_form(header);
  std::vector<std::byte> values(form.bytes);
  std::ofstream to(out, std::ios::binary);
  for (std::int64_t frame = 0; frame < header.number_of_frames; ++frame) {
    stored ? file.decode_stored(frame, values) : file.decode(frame, values);
    to.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size()));
  }
}

void run(const std::vector<std::string>& words) {
  if (words.at(0) == "stored" || words[0] == "decoded") return write_values(words.at(1), words[0] == "stored", words.at(2));
  const auto manifest = load_manifest(words.at(1));
  if (words[0] == "windows") {
    auto engine = load_engine(ArtifactKind::torchscript, words.at(2), device());
    return save(words.at(4), {with_sliding_window(std::move(engine), manifest.inferer.value().arguments)->forward(load(words.at(3)))});
  }
  auto sample = sample_of(manifest, words.at(2));
  if (words[0] == "input") return save(words.at(3), {sample.data, affine_of(sample)});
  auto tensor = load(words.at(3));
  if (words[0] == "chain") {
    auto linear = sample, nearest = sample;
    return save(words.at(5), {sample.data, affine_of(sample), invert(tensor, linear, false), invert(tensor, nearest, true),
                              to_source_grid(load(words.at(4)), sample)});
  }
  if (words[0] == "invert") return save(words.at(4), {to_source_grid(tensor, sample)});
  for (const auto& transform : manifest.postprocess) tensor = apply_after(transform, tensor, sample);
  save(words.at(4), {tensor});
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char letter : line)
    if (letter == '\t')
      words.emplace_back();
    else
      words.back().push_back(letter);
  return words;
}

void serve() {
  for (std::string line; std::getline(std::cin, line);) {
    std::string wrong;
    try {
      run(split(line));
    } catch (const std::exception& error) {
      wrong = error.what();
    }
    std::cout << wrong.substr(0, wrong.find('\n')) << std::endl;
  }
}
}  // namespace

int main(int count, char** words) try {
  const c10::InferenceMode no_gradients;
  start_dicom();
  if (count > 1 && std::string_view(words[1]) == "serve")
    serve();
  else
    run({words + 1, words + count});
} catch (const std::exception& error) {
  std::cerr << "aidp_oracle: " << error.what() << "\n";
  return 1;
}
