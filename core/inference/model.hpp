// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/image.hpp"
#include "core/manifest/manifest.hpp"

namespace aidp {

// One item: stored values as decoded, C order [slice][row][column][sample].
struct InferenceInput {
  ImageHeader image;
  std::span<const std::byte> values;
};

// What an output is of one item: a number; or what its file is made of, such as a label map on the source grid, uint8,
// [slice][row][column].
using Voxels = std::vector<std::byte>;
using OutputValue = std::variant<double, Voxels>;
using InferenceOutput = std::map<std::string, OutputValue>;  // by output name

// What became of one item: its output, or why there is none (model.threw, model.shape, model.not_finite, worker.out_of_memory, ...).
struct InferenceFailure {
  Reason reason;
  std::string message;
};
using InferenceResult = std::variant<InferenceOutput, InferenceFailure>;

// A GPU does not answer any more, as after an illegal access: only a new process gets it back.
struct DeviceLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What the model is given of one item: float32 in C order.
struct ModelInput {
  std::vector<std::int64_t> shape;  // [channel, axes...]
  std::optional<Affine> affine;     // maps an index along the axes (of an image: row, column, 0) to mm, LPS; nothing without geometry
};

// How far a stage is from the reference of a golden case, at most.
struct StageDifference {
  std::string stage;  // "preprocess": what the model is given; "model": what it gives of the reference's tensor
  double difference = 0, tolerance = 0;
  std::string message;  // why they cannot be compared, else empty
};

struct DeviceRow {
  std::string name;  // "cpu", "cuda:0"
  std::string description;
  std::uint64_t memory_bytes = 0;
};

// A loaded model with its preprocessing and postprocessing on one device. No LibTorch type in sight.
class Model {
 public:
  // `device`: auto (what the artifact is compiled for, else the first GPU that works, else cpu), cpu, cuda:N. Throws Error(model_load,
  // device_missing, manifest_invalid).
  Model(const std::filesystem::path& package, const std::string& device, int threads);
  ~Model();

  const std::string& device() const;
  const Manifest& manifest() const;
  // One result for each input, in order; `with_files`: those outputs too that are files. Inputs whose tensors have one shape share a
  // forward pass of at most batch_max; where a batch fails it is run again one by one, so that the culprit alone has no output. Throws
  // DeviceLost.
  std::vector<InferenceResult> infer(const std::vector<InferenceInput>& inputs, bool with_files);
  // Writes what the model would be given to the beginning of `room`. Throws Error(pixels_limit) where that is too small, and with the
  // reason of what the item lacks.
  ModelInput prepare(const InferenceInput& input, std::span<std::byte> room);
  // The stages that the golden case of this name has references for. Throws Error(package_invalid) where they cannot be read, and as
  // prepare() does.
  std::vector<StageDifference> compare(const InferenceInput& input, const std::string& golden);
  struct Times {
    double preprocess_ms = 0, infer_ms = 0, postprocess_ms = 0;
  };
  const Times& times() const;  // of the last infer()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::vector<DeviceRow> list_devices();
std::string libtorch_version();
bool libtorch_has_cuda();  // built for it; whether a GPU is there is another question

}  // namespace aidp
