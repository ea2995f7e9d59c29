// SPDX-License-Identifier: Apache-2.0
#include "core/inference/engine.hpp"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include "core/base/error.hpp"
#include "core/inference/package_zip.hpp"

namespace aidp {

namespace {
constexpr const char* entry = "model";  // the model of a package that holds several, as torch's own tools name it

class TorchScript : public Engine {
 public:
  TorchScript(const std::filesystem::path& file, const at::Device& device) : module_(torch::jit::load(file.string(), device)) {
    module_.eval();
  }

  at::Tensor forward(const at::Tensor& batch) override {
    const auto output = module_.forward({batch});
    if (output.isTensor()) return output.toTensor();
    if (output.isTuple() && !output.toTupleRef().elements().empty() && output.toTupleRef().elements()[0].isTensor())
      return output.toTupleRef().elements()[0].toTensor();
    throw Error(Reason::model_shape, "the model gives a " + output.tagKind() + ", not a tensor");
  }

 private:
  torch::jit::Module module_;
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
              "have it compiled anew for this machine");
}

std::unique_ptr<Engine> load_engine(ArtifactKind kind, const std::filesystem::path& file, const at::Device& device) try {
  if (kind == ArtifactKind::torchscript) return std::make_unique<TorchScript>(file, device);
  return std::make_unique<AotInductor>(file, device);
} catch (const std::exception& error) {
  const bool compiled = kind == ArtifactKind::aotinductor;
  throw Error(Reason::model_load, "the artifact " + file.filename().string() + " cannot be loaded: " + first_line(error.what()),
              compiled ? "an AOTInductor package fits one processor and one LibTorch: have it compiled anew for this machine"
                       : "export it as TorchScript with a PyTorch no newer than this LibTorch, and install it again");
}

}  // namespace aidp
