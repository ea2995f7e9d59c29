// SPDX-License-Identifier: Apache-2.0
// The model worker: runs a vendor's model over decoded pixels. It sees no file of a patient and no identity.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "core/base/error.hpp"
#include "core/inference/model.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/json_bridge.hpp"
#include "jobs/workers/serve.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr std::size_t alignment = 64;

class ModelWorker {
 public:
  ModelWorker() : images_(input_pool_fd, PoolView::Access::read), masks_(output_pool_fd, PoolView::Access::write) {}

  json load(const json& request) {
    model_ = std::make_unique<Model>(request.at("package").get<std::string>(), request.at("device").get<std::string>(),
                                     request.at("threads").get<int>());
    return {{"device", model_->device()}, {"libtorch", libtorch_version()}};
  }

  // What the model would be given of one item, at the slab's beginning.
  json prepare(const json& request) {
    const auto input = loaded().prepare(input_of(request.at("item")), masks_.at({request.at("slab").at(0), request.at("slab").at(1)}));
    return {{"shape", input.shape}, {"affine", input.affine ? json(*input.affine) : json()}};
  }

  json compare(const json& request) {
    auto stages = json::array();
    for (const auto& stage : loaded().compare(input_of(request.at("item")), request.at("golden")))
      stages.push_back(
          {{"stage", stage.stage}, {"difference", stage.difference}, {"tolerance", stage.tolerance}, {"message", stage.message}});
    return {{"stages", std::move(stages)}};
  }

  json infer(const json& request) {
    auto& model = loaded();
    std::vector<InferenceInput> inputs;
    for (const auto& item : request.at("items")) inputs.push_back(input_of(item));
    const bool with_masks = !request.at("slab").is_null();
    std::size_t at = with_masks ? request["slab"][0].get<std::size_t>() : 0;
    const std::size_t end = with_masks ? at + request["slab"][1].get<std::size_t>() : 0;
    auto items = json::array();
    for (auto& result : results_of(inputs, with_masks)) {
      if (const auto* failure = std::get_if<InferenceFailure>(&result)) {
        items.push_back({{"reason", name(failure->reason)}, {"message", failure->message}});
        continue;
      }
      auto& output = std::get<InferenceOutput>(result);
      json entry{{"values", output.values}, {"mask", nullptr}};
      if (output.mask) entry["mask"] = hand_over(*output.mask, at, end);
      items.push_back(std::move(entry));
    }
    return {{"items", std::move(items)}, {"ms", model.milliseconds()}};
  }

 private:
  Model& loaded() const {
    if (!model_) throw Error(Reason::internal, "no model is loaded");
    return *model_;
  }

  InferenceInput input_of(const json& item) const {
    const auto image = item.at("image").get<ImageHeader>();
    return {image, images_.at({item.at("offset").get<std::size_t>(), image.bytes()})};
  }

  // With its GPU lost a worker is of no use: it ends as if it had crashed, and the supervisor starts another and tries each item alone.
  std::vector<InferenceResult> results_of(const std::vector<InferenceInput>& inputs, bool with_masks) try {
    return model_->infer(inputs, with_masks);
  } catch (const DeviceLost& error) {
    std::cerr << "the device " << model_->device() << " is lost: " << error.what() << std::endl;
    std::_Exit(1);
  }

  json hand_over(const Mask& mask, std::size_t& at, std::size_t end) const {
    if (at + mask.voxels.size() > end) throw Error(Reason::pixels_limit, "the masks do not fit their memory; give more with --memory");
    std::memcpy(masks_.at({at, mask.voxels.size()}).data(), mask.voxels.data(), mask.voxels.size());
    json entry{{"offset", at}, {"image", mask.image}};
    at += (mask.voxels.size() + alignment - 1) / alignment * alignment;
    return entry;
  }

  PoolView images_, masks_;
  std::unique_ptr<Model> model_;
};

json environment() {
  auto devices = json::array();
  for (const auto& device : list_devices())
    devices.push_back({{"name", device.name}, {"description", device.description}, {"memory_bytes", device.memory_bytes}});
  return {{"libtorch", libtorch_version() + (libtorch_has_cuda() ? " with CUDA" : " without CUDA")}, {"devices", std::move(devices)}};
}
}  // namespace

}  // namespace aidp

int main() {
  using namespace aidp;
  ModelWorker worker;
  const auto of_worker = [&](json (ModelWorker::*operation)(const json&)) {
    return json_handler([&worker, operation](const json& request) { return (worker.*operation)(request); });
  };
  serve({{"hello", json_handler([](const json&) { return json{{"worker", "model"}, {"pid", ::getpid()}}; })},
         {"load", of_worker(&ModelWorker::load)},
         {"infer", of_worker(&ModelWorker::infer)},
         {"prepare", of_worker(&ModelWorker::prepare)},
         {"compare", of_worker(&ModelWorker::compare)},
         {"environment", json_handler([](const json&) { return environment(); })}});
  return 0;
}
