// SPDX-License-Identifier: Apache-2.0
#include "core/inference/engine.hpp"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include "core/base/error.hpp"
#include "core/inference/package_zip.hpp"

namespace aidp {

namespace {
constexpr const char* entry = "model";  // the model of a package that holds several, as torch's own tools name it

constexpr double close_enough = 1e-4;  // of the largest value

bool close(const at::Tensor& one, const at::Tensor& other) {
  if (one.sizes() != other.sizes() || one.scalar_type() != other.scalar_type()) return false;
  if (one.numel() == 0) return true;
  const auto largest = one.to(at::kDouble).nan_to_num(0, 0, 0).abs().max().item<double>();
  return at::allclose(one, other, 0, close_enough * largest, true);
}

at::Tensor run(torch::jit::Module& module, const at::Tensor& batch) {
  const auto output = module.forward({batch});
  if (output.isTensor()) return output.toTensor();
  if (output.isTuple() && !output.toTupleRef().elements().empty() && output.toTupleRef().elements()[0].isTensor())
    return output.toTupleRef().elements()[0].toTensor();
  throw Error(Reason::model_shape, "a tensor is expected; the model gave a " + output.tagKind());
}

// On a processor LibTorch can rewrite a module for inference: weights as constants, a convolution with its normalisation and activation in
// one. Its rewriting has had faults, so the first item goes through both, and where they differ only the module as it came runs.
class TorchScript : public Engine {
 public:
  TorchScript(const std::filesystem::path& file, const at::Device& device) : module_(torch::jit::load(file.string(), device)) {
    module_.eval();
    if (device.is_cpu()) rewrite();
  }

  at::Tensor forward(const at::Tensor& batch) override {
    if (rewritten_)
      if (auto output = forward_checked(batch)) return *output;
    return run(module_, batch);
  }

 private:
  void rewrite() try {
    rewritten_ = torch::jit::optimize_for_inference(module_);
  } catch (const std::exception&) {  // not every module can be
  }

  std::optional<at::Tensor> forward_checked(const at::Tensor& batch) {
    if (trusted_) return run(*rewritten_, batch);
    try {
      auto output = run(*rewritten_, batch);
      trusted_ = close(run(module_, batch.narrow(0, 0, 1)), output.narrow(0, 0, 1));
      if (trusted_) {
        module_ = torch::jit::Module();  // two of a large model need not be kept
        return output;
      }
    } catch (const std::exception&) {  // as it came, it runs or says why not
    }
    rewritten_.reset();
    return std::nullopt;
  }

  torch::jit::Module module_;
  std::optional<torch::jit::Module> rewritten_;
  bool trusted_ = false;
};

class AotInductor : public Engine {
 public:
  AotInductor(const std::filesystem::path& file, const at::Device& device) : loader_(file.string(), entry, false, 1, device.index()) {}

  at::Tensor forward(const at::Tensor& batch) override {
    auto outputs = loader_.run({batch});
    if (outputs.empty()) throw Error(Reason::model_shape, "the model gives no tensor");
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
