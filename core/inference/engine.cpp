// SPDX-License-Identifier: Apache-2.0
#include "core/inference/engine.hpp"

#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include "core/base/error.hpp"
#include "core/inference/package_zip.hpp"

namespace aidp {

namespace {
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
  explicit AotInductor(const std::filesystem::path& file) : loader_(file.string()) {}

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

std::unique_ptr<Engine> load_engine(ArtifactKind kind, const std::filesystem::path& file, const at::Device& device) try {
  if (kind == ArtifactKind::torchscript) return std::make_unique<TorchScript>(file, device);
  check_pt2(file);
  return std::make_unique<AotInductor>(file);
} catch (const Error&) {
  throw;
} catch (const std::exception& error) {
  const bool compiled = kind == ArtifactKind::aotinductor;
  throw Error(Reason::model_load, "the artifact " + file.filename().string() + " cannot be loaded: " + first_line(error.what()),
              compiled ? "an AOTInductor package fits one processor and one LibTorch: have it compiled anew for this machine"
                       : "export it as TorchScript with a PyTorch no newer than this LibTorch, and install it again");
}

}  // namespace aidp
