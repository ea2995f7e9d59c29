// SPDX-License-Identifier: Apache-2.0
#include "core/inference/model.hpp"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/base/plain_words.hpp"
#include "core/base/text.hpp"
#include "core/inference/engine.hpp"
#include "core/inference/fused_2d.hpp"
#include "core/inference/npy.hpp"
#include "core/inference/outputs/prediction.hpp"
#include "core/inference/sliding_window.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
using Clock = std::chrono::steady_clock;

bool works(const at::Device& device) try {
  return (at::ones({8}, at::TensorOptions(device)) + 1).sum().item<float>() == 16;
} catch (const std::exception&) {
  return false;
}

int gpus() { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0; }

// What to do where no GPU is there.
std::string gpu_remedy() {
  if (!libtorch_has_cuda()) return "this LibTorch is built without CUDA: choose cpu, or build with another AIDP_TORCH_DIR";
  if (gpus() == 0) return "no GPU answers: check whether `nvidia-smi` lists it, or choose cpu";
  return "choose one of these, or auto";
}

std::string device_text(const at::Device& device) { return device.is_cpu() ? "cpu" : device.str(); }

// `asked` in the words of the command line; `compiled_for` binds `auto`.
at::Device choose_device(const std::string& asked, const std::optional<at::DeviceType>& compiled_for) {
  if (asked == "cpu" || (asked == "auto" && compiled_for == at::kCPU)) return at::kCPU;
  if (asked == "auto") {
    if (gpus() > 0 && works(at::Device(at::kCUDA, 0))) return {at::kCUDA, 0};
    return at::kCPU;
  }
  const auto missing = [&](const std::string& there) {
    return Error(Reason::device_missing, "the device '" + printable(asked) + "' is not available; available: " + there, gpu_remedy());
  };
  std::string there = "cpu";
  for (int i = 0; i < gpus(); ++i) there += ", cuda:" + std::to_string(i);
  for (int i = 0; i < gpus(); ++i)
    if (asked == "cuda:" + std::to_string(i) || (asked == "cuda" && i == 0)) {
      if (!works(at::Device(at::kCUDA, static_cast<at::DeviceIndex>(i))))
        throw missing(there + " (but it runs no kernel of this LibTorch)");
      return {at::kCUDA, static_cast<at::DeviceIndex>(i)};
    }
  throw missing(there);
}

// Heeded by NVIDIA's libraries over what a program asks of them: traced TorchScript holds PyTorch's settings of the day it was traced, TF32
// allowed. To be called before the first of these libraries is used.
void forbid_tf32() { ::setenv("NVIDIA_TF32_OVERRIDE", "0", 1); }

// The same numbers every time: no TF32, no algorithm that adds in any order, no kernels fused after the first passes were seen. And what a
// model makes on "the" GPU lies on the one that was asked for.
void set_up(const at::Device& device) {
  if (device.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setDeterministicCuDNN(true);
  torch::jit::setTensorExprFuserEnabled(false);
}

// Waits for a GPU, whose work is only queued: so times are true, and an error belongs to the pass that made it.
void finish(const at::Device& device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) || dynamic_cast<const c10::OutOfMemoryError*>(&error)) return true;
  const std::string_view text = error.what();
  return text.find("can't allocate memory") != std::string_view::npos || text.find("out of memory") != std::string_view::npos ||
         text.find("Storage size calculation overflowed") != std::string_view::npos;
}

InferenceFailure failure_of(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return {own->reason(), own->what()};
  if (is_out_of_memory(error)) return {Reason::worker_memory, "the model asked for more memory than there is"};
  return {Reason::model_threw, "the model raised: " + plain_words(error.what())};
}

// On the way to float32 a complex number would lose its imaginary part.
void require_real(const at::Tensor& output) {
  if (!output.defined() || output.is_complex() || output.is_sparse() || output.is_quantized())
    throw Error(Reason::model_shape, "a dense tensor of real numbers is expected; the model gave " +
                                         (output.defined() ? "a " + output.toString() : std::string("none")));
}

InferenceOutput outputs_of(const at::Tensor& raw, Sample sample, const Manifest& manifest, bool with_files) {
  Prediction prediction(raw, std::move(sample), manifest.postprocess);
  InferenceOutput result;
  for (const auto& output : manifest.outputs)
    if (with_files || !output.is_file())
      result[output.name] = std::visit([&](const auto& kind) { return value_of(kind, output.name, prediction); }, output.kind);
  return result;
}

// Of the sample's own axes, LPS.
std::optional<Affine> affine_of(const Sample& sample) {
  if (!sample.source.has_geometry) return std::nullopt;
  Affine affine = sample.source.affine;
  for (std::size_t row = 0; row < 3; ++row) {
    const double sign = row < 2 ? -1 : 1;  // RAS to LPS
    for (std::size_t axis = 0; axis < 3; ++axis) affine[4 * row + axis] = sign * sample.directions_ras[axis][row];
    affine[4 * row + 3] = sign * sample.origin_ras[row];
  }
  return affine;
}

StageDifference difference_of(std::string stage, const at::Tensor& ours, const at::Tensor& reference, double part) {
  StageDifference result{std::move(stage), 0, 0, {}};
  if (ours.sizes() != reference.sizes()) {
    result.message = "the shape is " + shape_text(ours.sizes()) + ", the reference's " + shape_text(reference.sizes());
    return result;
  }
  const auto wanted = reference.to(at::kDouble);
  const auto span = (wanted.max() - wanted.min()).item<double>();
  result.tolerance = part * (span > 0 ? span : 1);
  result.difference = (ours.to(at::kCPU, at::kDouble) - wanted).abs().max().item<double>();
  if (!std::isfinite(result.difference)) result.message = "it is NaN or infinite, or the reference is";
  return result;
}
}  // namespace

struct Model::State {
  std::filesystem::path package;
  Manifest manifest;
  at::Device device = at::kCPU;
  std::string device_name;
  std::unique_ptr<Engine> engine;
  Times times;

  // Throws DeviceLost where a GPU has broken down: what it says of any item is then no fault of the item.
  InferenceFailure failure(const std::exception& error) const {
    if (!device.is_cpu() && !is_out_of_memory(error) && !works(device)) throw DeviceLost(plain_words(error.what()));
    return failure_of(error);
  }

  Sample preprocess(const InferenceInput& input) const {
    if (device.is_cpu())
      if (auto fused = fused_sample(input.image, input.values.data(), manifest)) return std::move(*fused);
    auto sample = make_sample(input.image, input.values.data(), manifest.unit == Unit::series, manifest.channels, device);
    for (const auto& transform : manifest.preprocess) apply(transform, sample);
    return sample;
  }

  // Once for a batch. What a GPU says here is of the GPU: it cannot be told which item it was.
  void finish_preprocess() const try { finish(device); } catch (const std::exception& error) {
    throw DeviceLost(plain_words(error.what()));
  }

  // Results of samples[first, last) of one shape, in one forward pass; throws if the pass fails.
  std::vector<at::Tensor> pass(const std::vector<at::Tensor>& inputs) {
    const auto output = engine->forward(at::stack(inputs));
    finish(device);
    require_real(output);
    const auto count = static_cast<std::int64_t>(inputs.size());
    if (output.dim() < 1 || output.size(0) != count)
      throw Error(Reason::model_shape, "a first axis of " + std::to_string(count) +
                                           ", one for each item of the batch, is expected; the model gave " + shape_text(output.sizes()));
    const bool images = output.dim() > 2;  // scores are looked at one by one, which on a GPU would wait each time
    return output.to(images ? output.device() : at::kCPU, at::kFloat).unbind(0);
  }
};

Model::Model(const std::filesystem::path& package, const std::string& device, int threads) : state_(std::make_unique<State>()) {
  forbid_tf32();
  at::set_num_threads(threads);
  at::set_num_interop_threads(1);
  state_->package = package;
  state_->manifest = load_manifest(package / "model.yaml");
  const auto artifact = package / state_->manifest.artifact_file;
  const auto bound_to = compiled_for(state_->manifest.artifact_kind, artifact);
  state_->device = choose_device(device, bound_to);
  state_->device_name = device_text(state_->device);
  if (bound_to && *bound_to != state_->device.type())
    throw Error(Reason::model_load,
                "the artifact " + artifact.filename().string() + " is compiled for " + at::DeviceTypeName(*bound_to, true) + ", not for " +
                    state_->device_name,
                "choose another --device, or have it recompiled for this one");
  set_up(state_->device);
  state_->engine = load_engine(state_->manifest.artifact_kind, artifact, state_->device);
  if (const auto& inferer = state_->manifest.inferer) state_->engine = with_sliding_window(std::move(state_->engine), inferer->arguments);
}

Model::~Model() = default;
const std::string& Model::device() const { return state_->device_name; }
const Manifest& Model::manifest() const { return state_->manifest; }
const Model::Times& Model::times() const { return state_->times; }

std::vector<InferenceResult> Model::infer(const std::vector<InferenceInput>& inputs, bool with_files) {
  const c10::InferenceMode no_gradients;
  auto& state = *state_;
  std::vector<InferenceResult> results(inputs.size(), InferenceFailure{Reason::internal, "not run"});
  std::vector<std::optional<Sample>> samples(inputs.size());
  const auto began = Clock::now();
  std::map<std::vector<std::int64_t>, std::vector<std::size_t>> by_shape;
  for (std::size_t i = 0; i < inputs.size(); ++i) try {
      samples[i] = state.preprocess(inputs[i]);
      by_shape[samples[i]->data.sizes().vec()].push_back(i);
    } catch (const std::exception& error) {
      results[i] = state.failure(error);
    }
  state.finish_preprocess();
  const auto prepared = Clock::now();
  state.times.infer_ms = 0;
  const auto run = [&](const std::vector<std::size_t>& members) {
    std::vector<at::Tensor> tensors;
    for (const auto i : members) tensors.push_back(samples[i]->data);
    const auto start = Clock::now();
    const auto outputs = state.pass(tensors);
    state.times.infer_ms += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    for (std::size_t m = 0; m < members.size(); ++m) try {
        results[members[m]] = outputs_of(outputs[m], *samples[members[m]], state.manifest, with_files);
      } catch (const std::exception& error) {
        results[members[m]] = state.failure(error);
      }
  };
  const auto batch = static_cast<std::size_t>(state.manifest.batch_max);
  for (const auto& [shape, members] : by_shape)
    for (std::size_t first = 0; first < members.size(); first += batch) {
      const std::vector<std::size_t> chunk(members.begin() + static_cast<std::ptrdiff_t>(first),
                                           members.begin() + static_cast<std::ptrdiff_t>(std::min(first + batch, members.size())));
      try {
        run(chunk);
        if (chunk.size() == 1) continue;
        for (const auto i : chunk) {  // a NaN may have spread within the batch: alone, only its source still gives one
          const auto* failure = std::get_if<InferenceFailure>(&results[i]);
          if (failure && failure->reason == Reason::model_not_finite) run({i});
        }
      } catch (const std::exception& whole) {
        for (const auto i : chunk) try {
            if (chunk.size() == 1) throw;
            run({i});
          } catch (const std::exception& error) {
            results[i] = state.failure(chunk.size() == 1 ? whole : error);
          }
      }
    }
  state.times.preprocess_ms = std::chrono::duration<double, std::milli>(prepared - began).count();
  state.times.postprocess_ms = std::chrono::duration<double, std::milli>(Clock::now() - prepared).count() - state.times.infer_ms;
  return results;
}

ModelInput Model::prepare(const InferenceInput& input, std::span<std::byte> room) {
  const c10::InferenceMode no_gradients;
  const auto sample = state_->preprocess(input);
  const auto data = sample.data.to(at::kCPU, at::kFloat).contiguous();
  if (data.nbytes() > room.size())
    throw Error(Reason::pixels_limit,
                "the model's input has " + std::to_string(data.nbytes()) + " bytes; there is room for " + std::to_string(room.size()));
  std::memcpy(room.data(), data.data_ptr(), data.nbytes());
  return {data.sizes().vec(), affine_of(sample)};
}

std::vector<StageDifference> Model::compare(const InferenceInput& input, const std::string& golden) {
  const c10::InferenceMode no_gradients;
  const auto& cases = state_->manifest.golden;
  const auto found = std::ranges::find(cases, golden, &GoldenCase::name);
  if (found == cases.end()) throw Error(Reason::internal, "no golden case '" + golden + "'");
  std::vector<StageDifference> stages;
  auto tensor = state_->preprocess(input).data;
  if (!found->tensor.empty()) {
    const auto reference = read_npy(state_->package / found->tensor);
    stages.push_back(difference_of("preprocess", tensor, reference, found->tensor_tolerance));
    if (stages.back().message.empty()) tensor = reference.to(state_->device);
  }
  if (found->output.empty()) return stages;
  try {
    stages.push_back(
        difference_of("model", state_->pass({tensor}).at(0), read_npy(state_->package / found->output), found->tensor_tolerance));
  } catch (const std::exception& error) {
    const auto failure = state_->failure(error);
    stages.push_back({"model", 0, 0, std::string(name(failure.reason)) + ": " + failure.message});
  }
  return stages;
}

std::vector<DeviceRow> list_devices() {
  std::vector<DeviceRow> devices{{"cpu", at::get_cpu_capability(), 0}};
  for (int i = 0; i < gpus(); ++i) {
    const at::Device device(at::kCUDA, static_cast<at::DeviceIndex>(i));
    devices.push_back({device.str(), works(device) ? "works" : "runs no kernel of this LibTorch", 0});
  }
  return devices;
}

std::string libtorch_version() { return TORCH_VERSION; }

bool libtorch_has_cuda() { return at::detail::getCUDAHooks().hasCUDART(); }

}  // namespace aidp
