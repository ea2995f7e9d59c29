// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/results/record.hpp"
#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"

namespace aidp {

inline constexpr const char* masks_folder = "masks";  // in the output folder

// Items go through decode, infer and write in groups of fixed composition (consecutive items of the plan), so that a resumed job
// makes the very batches of an uninterrupted one and its numbers are the same to the last bit, with the same `batch` and device.
class Pipeline {
 public:
  struct Options {
    int batch = 32;
    std::filesystem::path out;  // output folder, with masks/ in it where the model gives masks; empty: masks are not written
    std::string model_digest;
    std::string device;                                                            // as the model worker named it
    std::function<std::optional<FileRecord>(const std::string& path)> known_file;  // what a former run recorded
    // Artefacts of an item that need not run again while they are there; empty function: there is none.
    std::function<std::optional<std::vector<ArtefactRecord>>(const std::string& key)> completed;
    // Called with each finished group: its records, and what was read of its files.
    std::function<void(std::vector<ItemRecord>, std::vector<FileRecord>)> finished;
    std::function<void(std::size_t first, std::size_t items)> skipped;  // items of a group that was complete already
  };

  Pipeline(const Plan& plan, HeaderIndex& index, const Manifest& manifest, Options options, Workforce& workforce);
  ~Pipeline();

  // Starts what there is room for. Call between pumps.
  void advance();
  // No more groups are started; those under way end.
  void drain() { draining_ = true; }
  bool done() const;
  const std::vector<Digest>& keys_seen() const { return keys_seen_; }  // of all items that ended, where `completed` is given

 private:
  struct Entry;
  struct Group;
  bool start_next_group();
  void hire_where_held_up();
  bool start(const std::shared_ptr<Group>& group);
  bool complete_already(const Group& group);
  void decode(const std::shared_ptr<Group>& group);
  void decoded(const std::shared_ptr<Group>& group, nlohmann::json& reply);
  void infer(const std::shared_ptr<Group>& group);
  void inferred(const std::shared_ptr<Group>& group, const nlohmann::json& reply);
  void write_masks(const std::shared_ptr<Group>& group);
  void lost(const std::shared_ptr<Group>& group, const Lost& lost);
  void settle(const std::shared_ptr<Group>& group);
  void release(Group& group);
  std::shared_ptr<Group> make_group(std::size_t first, std::size_t at_most, int attempts);
  nlohmann::json decode_request(const Group& group) const;

  const Plan& plan_;
  SeriesOpener opener_;
  const Manifest& manifest_;
  Options options_;
  Crew& dicom_;
  Crew& model_;
  Pool& images_;
  Pool& mask_pool_;
  std::size_t next_ = 0;
  std::deque<std::shared_ptr<Group>> again_;    // groups to be tried once more, singly
  std::deque<std::shared_ptr<Group>> decoded_;  // waiting for the model
  std::size_t under_way_ = 0;
  Clock::time_point held_up_since_ = Clock::now();  // since when decoded groups have waited for the model
  bool draining_ = false;
  bool writes_masks_ = false;
  std::string mask_output_;  // its name
  std::vector<Digest> keys_seen_;
};

}  // namespace aidp
