// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/run/batch.hpp"

namespace aidp {

// Items go through decode, infer and write in batches of fixed composition (consecutive items of the plan), so that a resumed job
// makes the very batches of an uninterrupted one and its numbers are the same to the last bit, with the same `batch` and device.
class Pipeline {
 public:
  struct Options {
    int batch = 32;
    std::filesystem::path out;  // output folder; empty: outputs that are files are not made
    std::string model_digest;
    std::string device;                                                            // as the model worker named it
    std::function<std::optional<FileRecord>(const std::string& path)> known_file;  // what a former run recorded
    // Artefacts of an item that need not run again while they are there; empty function: there is none.
    std::function<std::optional<std::vector<ArtefactRecord>>(const std::string& key)> completed;
    // Called with each finished batch: its records, and what was read of its files.
    std::function<void(std::vector<ItemRecord>, std::vector<FileRecord>)> finished;
    std::function<void(std::size_t first, std::size_t items)> skipped;  // items of a batch that was complete already
  };

  Pipeline(const Plan& plan, HeaderIndex& index, const Manifest& manifest, Options options, Workforce& workforce);

  // Starts what there is room for. Call between pumps.
  void advance();
  // No more batches are started; those under way end.
  void drain() { draining_ = true; }
  bool done() const;
  const std::vector<Digest>& keys_seen() const { return keys_seen_; }  // of all items that ended, where `completed` is given

 private:
  using Place = std::list<Batch>::iterator;
  bool start_next();
  bool start(Place batch);
  void hire_where_held_up();
  bool complete_already(const Batch& batch);
  std::optional<Error> refusal_of_batch(const Batch& batch) const;
  void decode(Place batch);
  void infer(Place batch);
  void write(Place batch);
  void write_file(Place batch, BatchItem& item, const Output& output, int attempt);
  void lost(Place batch, Reason reason, const std::string& message);
  void queue(std::size_t first, std::size_t items, int attempt);
  void settle(Place batch);

  const Plan& plan_;
  HeaderIndex& index_;
  SeriesOpener opener_;
  const Manifest& manifest_;
  Options options_;
  Workforce& workforce_;
  std::size_t next_ = 0;
  std::list<Batch> waiting_;                        // for room, or to be tried once more
  std::list<Batch> under_way_;                      // owned here from their start to their end
  std::deque<Place> decoded_;                       // of those, waiting for the model
  Clock::time_point held_up_since_ = Clock::now();  // since when decoded batches have waited for the model
  bool draining_ = false;
  std::map<std::string, std::uint64_t> values_;  // the outputs that are numbers, as in InferRequest
  std::vector<Output> files_;                    // those that are files, if they are made
  std::vector<Digest> keys_seen_;
};

}  // namespace aidp
