// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/pipeline.hpp"

#include <algorithm>

#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "jobs/plan/item_key.hpp"
#include "jobs/plan/provenance.hpp"
#include "jobs/protocol/json_bridge.hpp"
#include "jobs/run/item_image.hpp"

namespace aidp {

namespace {
constexpr int attempts_at_most = 2;
constexpr std::size_t alignment = 64;
constexpr std::size_t decoded_at_most = 4;                 // groups that wait for the model: enough to keep it busy, and memory small
constexpr std::chrono::milliseconds held_up_at_most{500};  // by the model, before one more worker is worth its start
constexpr std::uint64_t batch_bytes_at_most = 128 << 20;   // of images: at least two batches fit the smallest pool
constexpr std::chrono::milliseconds read_timeout{30000};
constexpr std::chrono::milliseconds write_timeout{120000};

std::size_t aligned(std::uint64_t bytes) { return static_cast<std::size_t>((bytes + alignment - 1) / alignment * alignment); }

Reason reason_in(const nlohmann::json& entry) { return reason_named(entry.value("reason", "")).value_or(Reason::internal); }
}  // namespace

struct Pipeline::Entry {
  std::shared_ptr<const OpenSeries> series;
  PlannedItem item;
  std::size_t number = 0;             // in Plan::items
  std::size_t offset = 0, bytes = 0;  // in the group's slab
  nlohmann::json image;               // ImageHeader, once decoded
  nlohmann::json mask;                // {offset, image}, once inferred
  ItemRecord record;
  bool ended = false;  // has an outcome

  std::size_t bytes_of_mask() const { return mask["image"].get<ImageHeader>().bytes(); }
};

struct Pipeline::Group {
  std::vector<Entry> entries;
  std::optional<Slab> slab, mask_slab;
  std::map<std::string, FileRecord> files;  // by path, as they were when the group was started
  int attempts = 1;
  std::size_t writes_due = 0;
  Clock::time_point started{};
};

Pipeline::Pipeline(const Plan& plan, HeaderIndex& index, const Manifest& manifest, Options options, Workforce& workforce)
    : plan_(plan),
      opener_(plan, manifest, index),
      manifest_(manifest),
      options_(std::move(options)),
      dicom_(workforce.dicom),
      model_(*workforce.model),
      images_(workforce.images),
      mask_pool_(workforce.masks) {
  const auto mask = std::ranges::find(manifest.outputs, OutputKind::mask, &Output::kind);
  writes_masks_ = !options_.out.empty() && mask != manifest.outputs.end();
  if (writes_masks_) mask_output_ = mask->name;
}

Pipeline::~Pipeline() = default;

bool Pipeline::done() const { return under_way_ == 0 && (draining_ || (next_ == plan_.items.size() && again_.empty())); }

// A batch of large images is cut so that several fit the pool, whatever --memory is: the cut depends on the headers alone.
std::shared_ptr<Pipeline::Group> Pipeline::make_group(std::size_t first, std::size_t at_most, int attempts) {
  auto group = std::make_shared<Group>();
  group->attempts = attempts;
  group->started = Clock::now();
  std::size_t offset = 0;
  for (std::size_t i = first; i < first + at_most; ++i) {
    const auto& item = plan_.items[i];
    const auto& input = plan_.series[item.series].input;
    Entry entry;
    entry.series = opener_.open(item.series);
    entry.item = item;
    entry.number = i;
    entry.bytes = static_cast<std::size_t>(bytes_of_item(*entry.series, item));
    if (i > first && offset + aligned(entry.bytes) > batch_bytes_at_most) break;
    entry.offset = offset;
    offset += aligned(entry.bytes);
    entry.record.study_uid = input.study_uid;
    entry.record.series_uid = input.series_uid;
    if (const auto named = named_by(*entry.series, item)) {
      const auto& header = entry.series->instances[named->instance];
      entry.record.sop_uid = header.sop_instance_uid;
      entry.record.frame = header.number_of_frames > 1 ? named->frame + 1 : 0;
    }
    set_origin(entry.record, *entry.series, item);
    entry.record.queued = now();
    entry.record.attempts = attempts;
    entry.record.device = options_.device;
    for (const auto& path : paths_of(*entry.series, item))
      if (!group->files.contains(path))
        if (const auto state = file_state(path)) group->files.emplace(path, FileRecord{path, *state, {}});
    group->entries.push_back(std::move(entry));
  }
  return group;
}

// Whether each file that was written for an item is still there with the bytes that were recorded.
static bool all_there(const std::filesystem::path& out, const std::vector<ArtefactRecord>& artefacts) try {
  return std::ranges::all_of(artefacts, [&](const auto& artefact) { return hex(sha256_file(out / artefact.path)) == artefact.sha256; });
} catch (const Error&) {  // one cannot be read
  return false;
}

// Whether every item of the group is done: none of its files has changed since, and each key is among the completed with its artefacts.
bool Pipeline::complete_already(const Group& group) {
  if (!options_.completed) return false;
  std::map<std::string, std::string> content;
  for (const auto& [path, file] : group.files) {
    const auto known = options_.known_file(path);
    if (!known || known->state != file.state) return false;
    content.emplace(path, known->sha256);
  }
  std::vector<Digest> keys;
  for (const auto& entry : group.entries) {
    if (!std::ranges::all_of(paths_of(*entry.series, entry.item), [&](const auto& path) { return content.contains(path); })) return false;
    const auto key = item_key(*entry.series, entry.item, options_.model_digest, content);
    const auto artefacts = options_.completed(key);
    if (!artefacts || !all_there(options_.out, *artefacts)) return false;
    keys.push_back(digest_from_hex(key));
  }
  keys_seen_.insert(keys_seen_.end(), keys.begin(), keys.end());
  return true;
}

bool Pipeline::start_next_group() {
  if (draining_) return false;
  if (!again_.empty()) {
    if (!start(again_.front())) return false;
    again_.pop_front();
    return true;
  }
  if (next_ == plan_.items.size()) return false;
  const auto per_group = manifest_.unit == Unit::series ? std::size_t{1} : static_cast<std::size_t>(options_.batch);
  auto group = make_group(next_, std::min(per_group, plan_.items.size() - next_), 1);
  const auto count = group->entries.size();
  if (complete_already(*group)) {
    next_ += count;
    options_.skipped(next_ - count, count);
    return true;
  }
  if (!start(group)) return false;
  next_ += count;
  return true;
}

bool Pipeline::start(const std::shared_ptr<Group>& group) {
  const auto& last = group->entries.back();
  const auto needed = last.offset + aligned(last.bytes);
  auto refusal = refusal_of(*last.series, last.item);  // such an item is alone: a batch is of images, and is cut where they grow large
  if (!refusal && needed > images_.size())
    refusal.emplace(Reason::pixels_limit, "the images need " + std::to_string(needed) + " bytes, the memory for pixels is " +
                                              std::to_string(images_.size()) + "; give --memory");
  if (refusal) {
    auto& record = group->entries.front().record;
    record.outcome = Outcome::quarantined;
    record.reason = refusal->reason();
    record.message = refusal->what();
    group->entries.front().ended = true;
    ++under_way_;
    settle(group);
    return true;
  }
  group->slab = images_.take(needed);
  if (!group->slab) return false;
  ++under_way_;
  decode(group);
  return true;
}

void Pipeline::hire_where_held_up() {
  const auto now = Clock::now();
  if (decoded_.size() + 1 < decoded_at_most) held_up_since_ = now;
  if (now - held_up_since_ < held_up_at_most) return;
  model_.hire();
  held_up_since_ = now;
}

void Pipeline::advance() {
  while (dicom_.hungry() && decoded_.size() < decoded_at_most && start_next_group()) {
  }
  hire_where_held_up();
  while (!decoded_.empty() && model_.hungry()) {
    const auto group = decoded_.front();
    if (writes_masks_ && !group->mask_slab) {
      std::size_t bytes = 0;
      for (const auto& entry : group->entries) bytes += aligned(bytes_of_mask(*entry.series, entry.item));
      group->mask_slab = mask_pool_.take(std::min(bytes, mask_pool_.size()));
      if (!group->mask_slab) return;
    }
    decoded_.pop_front();
    infer(group);
  }
}

nlohmann::json Pipeline::decode_request(const Group& group) const {
  auto images = nlohmann::json::array();
  for (const auto& entry : group.entries) images.push_back(image_request(*entry.series, entry.item, entry.offset, entry.bytes));
  return {{"op", "decode"}, {"slab", {group.slab->offset, group.slab->size}}, {"images", std::move(images)}};
}

void Pipeline::decode(const std::shared_ptr<Group>& group) {
  const auto timeout = read_timeout + std::chrono::milliseconds(200) * group->files.size();
  dicom_.submit(json_task(decode_request(*group), timeout, [this, group](JsonReply reply) {
    if (auto* gone = std::get_if<Lost>(&reply)) return lost(group, *gone);
    decoded(group, std::get<nlohmann::json>(reply));
  }));
}

static void end_badly(ItemRecord& record, const nlohmann::json& entry) {
  record.outcome = Outcome::quarantined;
  record.reason = reason_in(entry);
  record.message = entry.value("message", "");
}

void Pipeline::decoded(const std::shared_ptr<Group>& group, nlohmann::json& reply) {
  if (!reply.contains("images")) return lost(group, {reason_in(reply), reply.value("message", "")});
  for (std::size_t i = 0; i < group->entries.size(); ++i) {
    auto& entry = group->entries[i];
    auto& image = reply["images"].at(i);
    entry.record.decode_ms =
        std::chrono::duration<double, std::milli>(Clock::now() - group->started).count() / static_cast<double>(group->entries.size());
    if (!image.contains("image")) {
      end_badly(entry.record, image);
      entry.ended = true;
      continue;
    }
    entry.image = std::move(image["image"]);
    std::map<std::string, std::string> content;
    for (const auto& file : image["files"]) {
      content[file["path"]] = file["sha256"];
      if (const auto known = group->files.find(file["path"]); known != group->files.end()) known->second.sha256 = file["sha256"];
    }
    entry.record.key = item_key(*entry.series, entry.item, options_.model_digest, content);
  }
  if (std::ranges::all_of(group->entries, &Entry::ended)) return settle(group);
  decoded_.push_back(group);
}

void Pipeline::infer(const std::shared_ptr<Group>& group) {
  auto items = nlohmann::json::array();
  for (auto& entry : group->entries)
    if (!entry.ended) items.push_back({{"offset", group->slab->offset + entry.offset}, {"image", std::move(entry.image)}});
  const auto count = items.size();
  nlohmann::json request{{"op", "infer"}, {"items", std::move(items)}, {"slab", nullptr}};
  if (group->mask_slab) request["slab"] = {group->mask_slab->offset, group->mask_slab->size};
  group->started = Clock::now();
  const auto timeout = std::chrono::seconds(manifest_.timeout_s) * (manifest_.unit == Unit::series ? count : 1);
  model_.submit(json_task(std::move(request), timeout, [this, group](JsonReply reply) {
    if (auto* gone = std::get_if<Lost>(&reply)) return lost(group, *gone);
    inferred(group, std::get<nlohmann::json>(reply));
  }));
}

void Pipeline::inferred(const std::shared_ptr<Group>& group, const nlohmann::json& reply) {
  if (!reply.contains("items")) return lost(group, {reason_in(reply), reply.value("message", "")});
  images_.give(*group->slab);
  group->slab.reset();
  const auto elapsed_ms =
      std::chrono::duration<double, std::milli>(Clock::now() - group->started).count() / static_cast<double>(reply["items"].size());
  std::size_t i = 0;
  for (auto& entry : group->entries) {
    if (entry.ended) continue;
    const auto& item = reply["items"].at(i++);
    entry.record.infer_ms = elapsed_ms;
    entry.record.message = note_on(*entry.series, entry.item);
    entry.ended = true;
    if (!item.contains("values")) {
      end_badly(entry.record, item);
      continue;
    }
    entry.record.values = item["values"].get<std::map<std::string, double>>();
    for (const auto& output : manifest_.outputs)
      if (output.flag_at) entry.record.flags[output.name] = entry.record.values.at(output.name) >= *output.flag_at;
    if (writes_masks_ && item.contains("mask") && item["mask"].is_object()) entry.mask = item["mask"];
  }
  write_masks(group);
}

void Pipeline::write_masks(const std::shared_ptr<Group>& group) {
  for (const auto& entry : group->entries) group->writes_due += entry.mask.is_object();
  if (group->writes_due == 0) return settle(group);
  for (std::size_t i = 0; i < group->entries.size(); ++i) {
    auto& entry = group->entries[i];
    if (!entry.mask.is_object()) continue;
    const auto name = masks_folder + ("/" + uid_from_key(digest_from_hex(entry.record.key)) + ".nii.gz");
    nlohmann::json request{{"op", "write_mask"},
                           {"slab", {entry.mask["offset"], entry.bytes_of_mask()}},
                           {"image", entry.mask["image"]},
                           {"path", (options_.out / name).string()}};
    dicom_.submit(json_task(std::move(request), write_timeout, [this, group, i, name](JsonReply reply) {
      auto& record = group->entries[i].record;
      const auto* gone = std::get_if<Lost>(&reply);
      const auto* answer = std::get_if<nlohmann::json>(&reply);
      if (gone) end_badly(record, {{"reason", aidp::name(gone->reason)}, {"message", gone->message}});
      if (answer && answer->contains("reason")) {
        if (reason_in(*answer) == Reason::disk_full)
          throw Error(Reason::disk_full, answer->value("message", ""), "free some space and run the same command again: it resumes");
        end_badly(record, *answer);
      }
      if (answer && answer->contains("sha256")) record.artefacts.push_back({name, (*answer)["sha256"], mask_output_});
      if (--group->writes_due == 0) settle(group);
    }));
  }
}

// A group whose worker died is tried again item by item, so that the culprit alone is held to account.
void Pipeline::lost(const std::shared_ptr<Group>& group, const Lost& lost) {
  const bool single = group->entries.size() == 1;
  if (single && group->attempts >= attempts_at_most) {
    auto& record = group->entries.front().record;
    record.outcome = Outcome::quarantined;
    record.reason = lost.reason;
    record.message = lost.message;
    group->entries.front().ended = true;
    return settle(group);
  }
  release(*group);
  --under_way_;
  for (const auto& entry : group->entries) again_.push_back(make_group(entry.number, 1, single ? group->attempts + 1 : group->attempts));
}

void Pipeline::release(Group& group) {
  if (group.slab) images_.give(*group.slab);
  if (group.mask_slab) mask_pool_.give(*group.mask_slab);
  group.slab.reset();
  group.mask_slab.reset();
}

void Pipeline::settle(const std::shared_ptr<Group>& group) {
  release(*group);
  --under_way_;
  std::vector<ItemRecord> records;
  for (auto& entry : group->entries) {
    if (entry.record.key.empty()) entry.record.key = unread_item_key(*entry.series, entry.item, options_.model_digest);
    if (options_.completed) keys_seen_.push_back(digest_from_hex(entry.record.key));
    entry.record.finished = now();
    records.push_back(std::move(entry.record));
  }
  std::vector<FileRecord> files;
  for (auto& [path, file] : group->files)
    if (!file.sha256.empty()) files.push_back(std::move(file));
  options_.finished(std::move(records), std::move(files));
}

}  // namespace aidp
