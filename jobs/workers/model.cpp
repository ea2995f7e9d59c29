// SPDX-License-Identifier: Apache-2.0
// The model worker: runs a vendor's model over decoded pixels. It sees no file of a patient and no identity.
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/inference/model.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "jobs/protocol/model_messages.hpp"
#include "jobs/workers/handlers.hpp"

namespace aidp {

namespace {
Slab slab_of(const Place& place) { return {static_cast<std::size_t>(place.offset), static_cast<std::size_t>(place.size)}; }

class ModelWorker {
 public:
  ModelWorker() : images_(input_pool_fd, PoolView::Access::read), outputs_(output_pool_fd, PoolView::Access::write) {}

  LoadReply load(const LoadRequest& request) {
    model_ = std::make_unique<Model>(request.package, request.device, request.threads);
    return {model_->device(), libtorch_version()};
  }

  PrepareReply prepare(const PrepareRequest& request) {
    const auto input = loaded().prepare(input_of(request.item), outputs_.at(slab_of(request.room)));
    PrepareReply reply{input.shape, {}};
    if (input.affine) reply.affine.emplace(input.affine->begin(), input.affine->end());
    return reply;
  }

  CompareReply compare(const CompareRequest& request) {
    CompareReply reply;
    for (auto& stage : loaded().compare(input_of(request.item), request.golden))
      reply.stages.push_back({stage.stage, stage.difference, stage.tolerance, stage.message.substr(0, longest_message)});
    return reply;
  }

  InferReply infer(const InferRequest& request) {
    std::vector<InferenceInput> inputs;
    for (const auto& item : request.items) inputs.push_back(input_of(item));
    auto results = results_of(inputs, !request.files.empty());
    const auto times = loaded().times();
    InferReply reply{{}, times.preprocess_ms, times.infer_ms, times.postprocess_ms};
    for (std::size_t i = 0; i < results.size(); ++i) try {
        if (const auto* failure = std::get_if<InferenceFailure>(&results[i])) throw Error(failure->reason, failure->message);
        reply.items.push_back({hand_over(std::get<InferenceOutput>(results[i]), request, i)});
      } catch (const std::exception& error) {
        reply.items.push_back({item_failure(error)});
      }
    return reply;
  }

 private:
  Model& loaded() const {
    if (!model_) throw Error(Reason::internal, "no model is loaded");
    return *model_;
  }

  InferenceInput input_of(const ModelItem& item) const {
    return {item.image, images_.at({static_cast<std::size_t>(item.offset), item.image.bytes()})};
  }

  // With its GPU lost a worker is of no use: it ends as if it had crashed, and the supervisor starts another.
  std::vector<InferenceResult> results_of(const std::vector<InferenceInput>& inputs, bool with_files) try {
    return loaded().infer(inputs, with_files);
  } catch (const DeviceLost& error) {
    std::cerr << "the device " << model_->device() << " is lost: " << error.what() << std::endl;
    std::_Exit(1);
  }

  InferredItem hand_over(const InferenceOutput& outputs, const InferRequest& request, std::size_t item) const {
    InferredItem inferred;
    for (const auto& [output, value] : outputs)
      if (const auto* number = std::get_if<double>(&value))
        inferred.values[output] = *number;
      else
        put(output, std::get<Voxels>(value), request.files.at(output).at(item));
    return inferred;
  }

  void put(const std::string& output, const Voxels& voxels, const Place& place) const {
    if (voxels.size() != place.size)
      throw Error(Reason::model_shape, "the output '" + output + "' has " + std::to_string(voxels.size()) + " bytes; " +
                                           std::to_string(place.size) + " are expected");
    std::memcpy(outputs_.at(slab_of(place)).data(), voxels.data(), voxels.size());
  }

  PoolView images_, outputs_;
  std::unique_ptr<Model> model_;
};

EnvironmentReply environment() {
  EnvironmentReply reply{{{"LibTorch", libtorch_version() + (libtorch_has_cuda() ? " with CUDA" : " without CUDA")}}};
  for (const auto& device : list_devices())
    reply.facts.push_back(
        {"device " + device.name, device.description + (device.memory_bytes > 0 ? ", " + bytes_text(device.memory_bytes) : "")});
  return reply;
}
}  // namespace

}  // namespace aidp

int main() {
  using namespace aidp;
  ModelWorker worker;
  Handlers handlers;
  add_handler<HelloRequest>(handlers, [](const HelloRequest&) { return HelloReply{"model"}; });
  add_handler<LoadRequest>(handlers, [&](const LoadRequest& request) { return worker.load(request); });
  add_handler<InferRequest>(handlers, [&](const InferRequest& request) { return worker.infer(request); });
  add_handler<PrepareRequest>(handlers, [&](const PrepareRequest& request) { return worker.prepare(request); });
  add_handler<CompareRequest>(handlers, [&](const CompareRequest& request) { return worker.compare(request); });
  add_handler<EnvironmentRequest>(handlers, [](const EnvironmentRequest&) { return environment(); });
  serve(handlers);
  return 0;
}
