// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "jobs/protocol/message.hpp"

namespace aidp {

// What a model worker is asked: it reads the input pool, and writes what goes into files into the output pool.

struct LoadReply {
  std::string device;  // the one in use: cpu, cuda:0
  std::string libtorch;
  AIDP_PACKED(device, libtorch)
};
struct LoadRequest {
  static constexpr const char* op = "load";
  using Reply = LoadReply;
  std::string package;  // a folder
  std::string device;   // auto, cpu, cuda, cuda:N
  int threads = 1;
  AIDP_PACKED(package, device, threads)
};

// A decoded image in the input pool.
struct ModelItem {
  std::uint64_t offset = 0;
  ImageHeader image;
  AIDP_PACKED(offset, image)
};

// One image's numbers; what its files are made of lies where the request said.
struct InferredItem {
  std::map<std::string, double> values;
  AIDP_PACKED(values)
};
struct InferReply {
  std::vector<OrFailure<InferredItem>> items;
  double preprocess_ms = 0, infer_ms = 0, postprocess_ms = 0;  // of them all
  AIDP_PACKED(items, preprocess_ms, infer_ms, postprocess_ms)
};
struct InferRequest {
  static constexpr const char* op = "infer";
  using Reply = InferReply;
  std::vector<ModelItem> items;
  std::map<std::string, std::uint64_t> values;      // the outputs that are numbers, with how many classes there are; 0: any number
  std::map<std::string, std::vector<Place>> files;  // by output that is one: where each item's goes in the output pool; empty: none is made
  AIDP_PACKED(items, values, files)
};

// What the model would be given, float32 in C order, at the beginning of `room` of the output pool.
struct PrepareReply {
  std::vector<std::int64_t> shape;            // [channel, axes...]
  std::optional<std::vector<double>> affine;  // 16; maps an index along the axes to mm, LPS
  AIDP_PACKED(shape, affine)
};
struct PrepareRequest {
  static constexpr const char* op = "prepare";
  using Reply = PrepareReply;
  ModelItem item;
  Place room;
  AIDP_PACKED(item, room)
};

// How far an item is from the reference tensors of a golden case.
struct ComparedStage {
  std::string stage;  // preprocess, model
  double difference = 0, tolerance = 0;
  std::string message;  // why they cannot be compared, else empty
  AIDP_PACKED(stage, difference, tolerance, message)
};
struct CompareReply {
  std::vector<ComparedStage> stages;
  AIDP_PACKED(stages)
};
struct CompareRequest {
  static constexpr const char* op = "compare";
  using Reply = CompareReply;
  ModelItem item;
  std::string golden;  // its name
  AIDP_PACKED(item, golden)
};

}  // namespace aidp
