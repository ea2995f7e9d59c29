// SPDX-License-Identifier: Apache-2.0
#include "core/inference/engine.hpp"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <span>

#include "core/base/error.hpp"
#include "core/inference/package_zip.hpp"

namespace aidp {

namespace {
constexpr const char* entry = "model";  // the model of a package that holds several, as torch's own tools name it

constexpr float close_enough = 1e-4F;  // of the largest value
constexpr double clearly_slower = 1.1;
constexpr double worth_choosing = 0.02, long_pass = 4;  // seconds; shorter times say little, longer ones enough
constexpr std::int64_t longest_probe = 96;              // voxels along an axis

// In one pass each, as an output may be most of the memory there is. What is no number must be none in both.
bool close(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes() || ours.scalar_type() != theirs.scalar_type()) return false;
  const auto one = ours.to(at::kFloat).contiguous(), other = theirs.to(at::kFloat).contiguous();
  const std::span<const float> a(one.const_data_ptr<float>(), static_cast<std::size_t>(one.numel()));
  const std::span<const float> b(other.const_data_ptr<float>(), a.size());
  float largest = 0;
  for (const float value : a)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  return std::ranges::equal(
      a, b, [&](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= close_enough * largest; });
}

Error not_one_tensor(const std::string& given) {
  return {Reason::model_shape, "one tensor is expected; the model gave " + given,
          "have it exported so that it returns only the tensor that the outputs are made of"};
}

// A tuple or list is taken for its tensor if that is all there is in it, beside None.
at::Tensor only_tensor(const at::IValue& output) {
  if (output.isTensor()) return output.toTensor();
  if (output.isTensorList() && output.toTensorList().size() == 1) return output.toTensorList().get(0);
  if (output.isTensorList()) throw not_one_tensor("a list of " + std::to_string(output.toTensorList().size()));
  if (!output.isTuple() && !output.isList()) throw not_one_tensor("a " + output.tagKind());
  auto parts = output.isTuple() ? output.toTupleRef().elements().vec() : output.toListRef().vec();
  const auto count = parts.size();
  std::erase_if(parts, [](const at::IValue& part) { return part.isNone(); });
  if (parts.size() == 1 && parts[0].isTensor()) return parts[0].toTensor();
  throw not_one_tensor((output.isTuple() ? "a tuple of " : "a list of ") + std::to_string(count));
}

at::Tensor run(torch::jit::Module& module, const at::Tensor& batch) { return only_tensor(module.forward({batch})); }

struct Pass {
  at::Tensor output;
  double seconds;  // of all processors
};

Pass timed(torch::jit::Module& module, const at::Tensor& batch) {
  const auto start = std::clock();
  auto output = run(module, batch);
  return {std::move(output), static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC};
}

// A corner of each volume: LibTorch takes another convolution for a batch of one.
at::Tensor corner_of(const at::Tensor& batch) {
  auto corner = batch;
  for (std::int64_t axis = 2; axis < 5; ++axis) corner = corner.narrow(axis, 0, std::min(corner.size(axis), longest_probe));
  return corner.contiguous();
}

// On a processor LibTorch can rewrite a module for inference: weights as constants, a convolution with its normalisation and activation in
// one. Its rewriting has had faults, and makes some networks of volumes slower. So the first item goes through both (of a large volume a
// corner: it must not be paid for twice), and the module runs as it came if they differ, or if volumes are clearly faster so.
class TorchScript : public Engine {
 public:
  TorchScript(const std::filesystem::path& file, const at::Device& device) : module_(torch::jit::load(file.string(), device)) {
    module_.eval();
    if (device.is_cpu()) rewrite();
  }

  at::Tensor forward(const at::Tensor& batch) override {
    if (rewritten_)
      if (auto output = choose(batch)) return *output;
    return run(module_, batch);
  }

 private:
  struct Trial {
    bool better;
    at::Tensor rewritten, original;  // the outputs; of images the original's first alone
  };

  void rewrite() try {
    rewritten_ = torch::jit::optimize_for_inference(module_);
  } catch (const std::exception&) {  // not every module can be
  }

  // Nothing if one of the two cannot take it.
  std::optional<Trial> trial(const at::Tensor& batch) try {
    const bool volumes = batch.dim() == 5;
    auto rewritten = timed(*rewritten_, batch), original = timed(module_, volumes ? batch : batch.narrow(0, 0, 1));
    const bool right = close(original.output, rewritten.output.narrow(0, 0, original.output.size(0)));
    return Trial{right && !(volumes && is_slower(batch, rewritten.seconds, original.seconds)), rewritten.output, original.output};
  } catch (const std::exception&) {
    return std::nullopt;
  }

  // LibTorch prepares much in the first pass, so a short one is taken again.
  bool is_slower(const at::Tensor& volumes, double rewritten, double original) {
    if (original < long_pass) {
      rewritten = timed(*rewritten_, volumes).seconds;
      original = timed(module_, volumes).seconds;
    }
    return rewritten > std::max(worth_choosing, clearly_slower * original);
  }

  // The output of the batch, if it came out of the choice. Two of a large model are not kept.
  std::optional<at::Tensor> choose(const at::Tensor& batch) {
    const auto corner = batch.dim() == 5 ? corner_of(batch) : batch;
    const bool is_part = corner.numel() < batch.numel();
    auto tried = trial(is_part ? corner : batch);
    const bool whole = !is_part || !tried;
    if (is_part && !tried) tried = trial(batch);  // many networks take one size
    const bool better = tried && tried->better;
    if (better) module_ = std::move(*rewritten_);
    rewritten_.reset();
    if (!tried || !whole) return {};
    if (better) return tried->rewritten;
    return batch.dim() == 5 ? std::optional(tried->original) : std::nullopt;
  }

  torch::jit::Module module_;
  std::optional<torch::jit::Module> rewritten_;
};

class AotInductor : public Engine {
 public:
  AotInductor(const std::filesystem::path& file, const at::Device& device) : loader_(file.string(), entry, false, 1, device.index()) {}

  at::Tensor forward(const at::Tensor& batch) override {
    auto outputs = loader_.run({batch});
    if (outputs.size() != 1) throw not_one_tensor(std::to_string(outputs.size()));
    return outputs.front();
  }

 private:
  torch::inductor::AOTIModelPackageLoader loader_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
}  // namespace

std::optional<at::DeviceType> compiled_for(ArtifactKind kind, const std::filesystem::path& file) try {
  if (kind != ArtifactKind::aotinductor) return std::nullopt;
  check_pt2(file);
  using Loader = torch::inductor::AOTIModelPackageLoader;
  return at::Device(Loader::load_metadata_from_package(file.string(), entry).at("AOTI_DEVICE_KEY")).type();
} catch (const Error&) {
  throw;
} catch (const std::exception& error) {
  throw Error(Reason::model_load,
              "the artifact " + file.filename().string() + " does not say which device it is for: " + first_line(error.what()),
              "have it recompiled for this machine");
}

std::unique_ptr<Engine> load_engine(ArtifactKind kind, const std::filesystem::path& file, const at::Device& device) try {
  if (kind == ArtifactKind::torchscript) return std::make_unique<TorchScript>(file, device);
  return std::make_unique<AotInductor>(file, device);
} catch (const std::exception& error) {
  const bool compiled = kind == ArtifactKind::aotinductor;
  throw Error(Reason::model_load, "the artifact " + file.filename().string() + " cannot be loaded: " + first_line(error.what()),
              compiled ? "an AOTInductor package fits one processor and one LibTorch: have it recompiled for this machine"
                       : "export it as TorchScript with a PyTorch no newer than this LibTorch, and install it again");
}

}  // namespace aidp
