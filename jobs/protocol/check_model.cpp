// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
constexpr std::size_t most_axes = 8;

bool is_gpu(std::string_view device) {
  const auto digits = device.starts_with("cuda:") ? device.substr(5) : "";
  return !digits.empty() && digits.size() <= 3 && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_what_was_asked_for(std::string_view device, std::string_view asked) {
  if (asked == "auto") return device == "cpu" || is_gpu(device);
  return device == (asked == "cuda" ? "cuda:0" : asked);
}

void check_item(const InferRequest& request, const InferredItem& item) {
  require(item.values.size() == request.values.size(), "the number of values is wrong");
  for (const auto& [name, classes] : request.values) {
    const auto found = item.values.find(name);
    require(found != item.values.end(), "the value of an output is missing");
    const auto value = found->second;
    require(std::isfinite(value), "a value is not finite");
    require(classes == 0 || (value >= 0 && value < static_cast<double>(classes) && value == std::floor(value)), "a class is unknown");
  }
}
}  // namespace

void check(const LoadRequest& request, const LoadReply& reply) {
  require(is_what_was_asked_for(reply.device, request.device), "the device is not the requested one");
  require_text(reply.libtorch, 64, "the version of LibTorch is too long");
}

void check(const InferRequest& request, const InferReply& reply) {
  require(reply.items.size() == request.items.size(), "the number of items is wrong");
  for (const auto& item : reply.items) {
    if (const auto* failure = item.failure())
      item_failure(*failure);
    else
      check_item(request, *item.answer());
  }
  for (const double time : {reply.preprocess_ms, reply.infer_ms, reply.postprocess_ms}) require_milliseconds(time);
}

void check(const PrepareRequest& request, const PrepareReply& reply) {
  require(!reply.shape.empty() && reply.shape.size() <= most_axes, "the number of axes is wrong");
  auto left = request.room.size / sizeof(float);
  for (const auto size : reply.shape) {
    require(size > 0 && static_cast<std::uint64_t>(size) <= left, "the tensor is larger than the memory for it");
    left /= static_cast<std::uint64_t>(size);
  }
  if (!reply.affine) return;
  require(reply.affine->size() == 16, "the affine does not have 16 numbers");
  require_finite(*reply.affine, "the affine is not finite");
}

void check(const CompareRequest&, const CompareReply& reply) {
  require(reply.stages.size() <= 2, "the number of stages is wrong");
  for (std::size_t i = 0; i < reply.stages.size(); ++i) {
    const auto& stage = reply.stages[i];
    require(stage.stage == "model" || (stage.stage == "preprocess" && i == 0), "a stage is unknown");
    require_text(stage.message, longest_message, "a message is too long");
    require(stage.difference >= 0 || !stage.message.empty(), "a difference is not a number");
    require(std::isfinite(stage.tolerance) && stage.tolerance >= 0, "a tolerance is not a number");
  }
  require(reply.stages.size() < 2 || reply.stages[0].stage != reply.stages[1].stage, "a stage occurs twice");
}

}  // namespace aidp
