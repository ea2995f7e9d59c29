// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/results/record.hpp"
#include "jobs/plan/plan.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/model_messages.hpp"
#include "jobs/protocol/read_messages.hpp"

namespace aidp {

// How far an item has come. It moves forward only; one that is started again is made anew.
enum class Stage { planned, decoding, decoded, inferring, writing, ended };

struct BatchItem {
  std::shared_ptr<const OpenSeries> series;
  PlannedItem planned;
  std::size_t offset = 0, bytes = 0;  // of its values in the batch's slab
  Stage stage = Stage::planned;
  ImageHeader image;                         // once decoded
  std::map<std::string, std::size_t> rooms;  // once inferring: where that of its files goes in the output pool, by output
  std::size_t unwritten = 0;                 // once writing: files
  ItemRecord record;
};

// Consecutive items of a plan that are decoded and inferred together; its composition depends on the plan alone.
class Batch {
 public:
  // Items [first, first + at_most) of the plan, or the first of them where they would grow too large together.
  Batch(const Plan& plan, SeriesOpener& opener, std::size_t first_item, std::size_t at_most, int which_attempt, const std::string& device);

  const std::size_t first;  // in Plan::items
  const int attempt;        // from 1
  std::vector<BatchItem> items;
  std::map<std::string, FileRecord> files;  // by path, as they were scanned; SHA-256 once decoded
  std::optional<SlabLease> images, outputs;

  std::size_t image_bytes() const;                                          // that `images` must have
  std::size_t output_bytes(const std::vector<Output>& file_outputs) const;  // that `outputs` must have
  bool ended() const;                                                       // all items have

  DecodeRequest decode_request();
  // `key_of`: of an item, by the SHA-256 of each of its files.
  using KeyOf = std::function<std::string(const BatchItem&, const std::map<std::string, std::string>&)>;
  void take(const DecodeRequest& request, DecodeReply reply, const KeyOf& key_of);
  // Of the items that are decoded. `values`: the outputs that are numbers; `file_outputs`: those that are files and are to be made.
  InferRequest infer_request(const std::map<std::string, std::uint64_t>& values, const std::vector<Output>& file_outputs);
  // Items with an answer go on to `writing`.
  void take(InferReply reply);

 private:
  void add(const Plan& plan, std::shared_ptr<const OpenSeries> series, const PlannedItem& planned, const std::string& device);
};

// The item has no result, for this reason.
void quarantine(BatchItem& item, Reason reason, const std::string& message);

}  // namespace aidp
