// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/pipeline.hpp"

#include <algorithm>

#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/remove.hpp"
#include "jobs/plan/item_key.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/run/artefact_file.hpp"
#include "jobs/run/artefact_form.hpp"
#include "jobs/run/item_image.hpp"

namespace aidp {

namespace {
constexpr int attempts_together = 2, write_attempts = 2;   // an item that is lost alone is given up if it was lost before
constexpr std::size_t decoded_at_most = 4;                 // batches that wait for the model: enough to keep it busy, and memory small
constexpr std::chrono::milliseconds held_up_at_most{500};  // by the model, before one more worker is worth its start
constexpr std::chrono::milliseconds write_timeout{120000}, per_mib{100};

std::chrono::milliseconds for_bytes(std::uint64_t bytes) { return per_mib * static_cast<std::int64_t>(bytes >> 20); }

// Whether each file that was written for an item is still there with the bytes that were recorded.
bool all_there(const std::filesystem::path& out, const std::vector<ArtefactRecord>& artefacts) try {
  return std::ranges::all_of(artefacts, [&](const auto& artefact) { return hex(sha256_file(out / artefact.path)) == artefact.sha256; });
} catch (const Error&) {  // one cannot be read
  return false;
}
}  // namespace

Pipeline::Pipeline(const Plan& plan, HeaderIndex& index, const Manifest& manifest, Options options, Workforce& workforce)
    : plan_(plan), index_(index), opener_(plan, manifest, index), manifest_(manifest), options_(std::move(options)), workforce_(workforce) {
  for (const auto& output : manifest.outputs) {
    if (output.is_number()) values_[output.name] = output.classes().size();
    if (output.is_file() && !options_.out.empty()) files_.push_back(output);
  }
}

bool Pipeline::done() const { return under_way_.empty() && (draining_ || (next_ == plan_.items.size() && waiting_.empty())); }

void Pipeline::advance() {
  while (workforce_.dicom.hungry() && decoded_.size() < decoded_at_most && start_next()) {
  }
  hire_where_held_up();
  while (!decoded_.empty() && workforce_.model->hungry()) {
    const auto batch = decoded_.front();
    if (!files_.empty() && !batch->outputs) {
      batch->outputs = workforce_.outputs.lease(batch->output_bytes(files_));
      if (!batch->outputs) return;
    }
    decoded_.pop_front();
    infer(batch);
  }
}

void Pipeline::hire_where_held_up() {
  const auto now = Clock::now();
  if (decoded_.size() + 1 < decoded_at_most) held_up_since_ = now;
  if (now - held_up_since_ < held_up_at_most) return;
  workforce_.model->hire();
  held_up_since_ = now;
}

bool Pipeline::start_next() {
  if (draining_) return false;
  if (!waiting_.empty()) return start(waiting_.begin());
  if (next_ == plan_.items.size()) return false;
  const auto most = manifest_.unit == Unit::series ? std::size_t{1} : static_cast<std::size_t>(options_.batch);
  queue(next_, std::min(most, plan_.items.size() - next_), 1);
  next_ += waiting_.back().items.size();
  if (!complete_already(waiting_.back())) return start(waiting_.begin());
  options_.skipped(waiting_.back().first, waiting_.back().items.size());
  waiting_.pop_back();
  return true;
}

// One of waiting_: false if there is no room for it now.
bool Pipeline::start(Place batch) {
  const auto refusal = refusal_of_batch(*batch);
  if (!refusal) {
    batch->images = workforce_.images.lease(batch->image_bytes());
    if (!batch->images) return false;
  }
  under_way_.splice(under_way_.end(), waiting_, batch);
  if (!refusal) {
    decode(batch);
    return true;
  }
  quarantine(batch->items.front(), refusal->reason(), refusal->what());
  settle(batch);
  return true;
}

// An item that is refused is alone: a batch is of images, and is cut where they grow large.
std::optional<Error> Pipeline::refusal_of_batch(const Batch& batch) const {
  if (auto refusal = refusal_of(*batch.items.back().series, batch.items.back().planned)) return refusal;
  const auto refuse = [](const char* what, std::size_t needed, std::size_t there) {
    return Error(Reason::pixels_limit, std::string(what) + " needs " + std::to_string(needed) + " bytes, the memory for it is " +
                                           std::to_string(there) + "; give --memory");
  };
  if (batch.image_bytes() > workforce_.images.size()) return refuse("the image", batch.image_bytes(), workforce_.images.size());
  if (const auto needed = batch.output_bytes(files_); needed > workforce_.outputs.size())
    return refuse("what the model gives of it", needed, workforce_.outputs.size());
  return std::nullopt;
}

// Whether every item of the batch is done: none of its files has changed since, and each key is among the completed with its artefacts.
bool Pipeline::complete_already(const Batch& batch) {
  if (!options_.completed) return false;
  std::map<std::string, std::string> content;
  for (const auto& [path, file] : batch.files) {
    const auto known = options_.known_file(path);
    if (!known || known->state != file.state) return false;
    content.emplace(path, known->sha256);
  }
  std::vector<Digest> keys;
  for (const auto& item : batch.items) {
    const auto key = item_key(*item.series, item.planned, options_.model_digest, content);
    const auto artefacts = options_.completed(key);
    if (!artefacts || !all_there(options_.out, *artefacts)) return false;
    keys.push_back(digest_from_hex(key));
  }
  keys_seen_.insert(keys_seen_.end(), keys.begin(), keys.end());
  return true;
}

void Pipeline::decode(Place batch) {
  const auto request = std::make_shared<const DecodeRequest>(batch->decode_request());
  const auto key_of = [this](const BatchItem& item, const auto& content) {
    return item_key(*item.series, item.planned, options_.model_digest, content);
  };
  workforce_.dicom.submit(
      task_of<DecodeRequest>(*request, decode_timeout(*request), [this, batch, request, key_of](Answered<DecodeRequest> said) {
        if (const auto* gone = std::get_if<Lost>(&said)) return lost(batch, gone->reason, gone->message);
        if (const auto* failure = std::get_if<Failure>(&said)) return lost(batch, failure->reason, failure->message);
        batch->take(*request, std::move(std::get<DecodeReply>(said)), key_of);
        if (batch->ended()) return settle(batch);
        decoded_.push_back(batch);
      }));
}

void Pipeline::infer(Place batch) {
  auto request = batch->infer_request(values_, files_);
  const auto items = static_cast<std::int64_t>(manifest_.unit == Unit::series ? request.items.size() : 1);
  const auto timeout = std::chrono::seconds(manifest_.timeout_s) * items + for_bytes(batch->image_bytes());
  workforce_.model->submit(task_of<InferRequest>(std::move(request), timeout, [this, batch](Answered<InferRequest> said) {
    if (const auto* gone = std::get_if<Lost>(&said)) return lost(batch, gone->reason, gone->message);
    if (const auto* failure = std::get_if<Failure>(&said)) return lost(batch, failure->reason, failure->message);
    batch->take(std::move(std::get<InferReply>(said)));
    batch->images.reset();
    write(batch);
  }));
}

void Pipeline::write(Place batch) {
  for (auto& item : batch->items) {
    if (item.stage != Stage::writing) continue;
    for (const auto& output : manifest_.outputs)
      if (output.has_flag()) item.record.flags[output.name] = output.is_flagged(item.record.values.at(output.name));
    item.unwritten = files_.size();
    if (files_.empty()) item.stage = Stage::ended;
    for (const auto& output : files_) write_file(batch, item, output, 1);
  }
  if (batch->ended()) settle(batch);
}

// A writer that dies, or says what is not so, costs one more try of this write.
void Pipeline::write_file(Place batch, BatchItem& item, const Output& output, int attempt) {
  const auto name = artefact_file(item, output);
  const auto path = options_.out / name;
  if (std::filesystem::is_symlink(path)) remove_below(options_.out, name);  // whoever put it there: it leads to no output of ours
  make_folder_below(options_.out, std::filesystem::path(name).parent_path(), "the output folder", output_folder_mode);
  const auto& form = artefact_form(output);
  WriteOutputRequest request{form.writer, item.rooms.at(output.name), form.stored(item.image), path.string()};
  const auto bytes = request.image.bytes();
  workforce_.writer().submit(task_of<WriteOutputRequest>(
      std::move(request), write_timeout + for_bytes(bytes), [=, this, &item, &output](Answered<WriteOutputRequest> said) {
        const auto* failure = std::get_if<Failure>(&said);
        if (failure && failure->reason == Reason::disk_full) {
          if (is_full(path.parent_path(), bytes))
            throw Error(Reason::disk_full, failure->message, "free some space and run the same command again: it resumes");
          throw BadReply("it reports a full disk, but the disk is not full");
        }
        const auto* gone = std::get_if<Lost>(&said);
        if (gone && attempt < write_attempts) {
          ++item.record.attempts;
          return write_file(batch, item, output, attempt + 1);
        }
        if (gone) quarantine(item, gone->reason, gone->message);
        if (failure) quarantine(item, failure->reason, failure->message);
        if (const auto* written = std::get_if<WriteOutputReply>(&said))
          item.record.artefacts.push_back({name, written->sha256, output.name});
        item.stage = --item.unwritten == 0 ? Stage::ended : Stage::writing;
        if (batch->ended()) settle(batch);
      }));
}

// A batch whose worker died is tried again as it is, so that a worker killed by chance changes no number; then item by item, so that the
// culprit alone is held to account.
void Pipeline::lost(Place batch, Reason reason, const std::string& message) {
  const auto items = batch->items.size();
  if (items == 1 && batch->attempt >= attempts_together) {
    quarantine(batch->items.front(), reason, message);
    return settle(batch);
  }
  const auto first = batch->first;
  const auto attempt = batch->attempt + 1;
  under_way_.erase(batch);
  if (attempt <= attempts_together) return queue(first, items, attempt);
  for (std::size_t i = 0; i < items; ++i) queue(first + i, 1, attempt);
}

void Pipeline::queue(std::size_t first, std::size_t items, int attempt) {
  waiting_.emplace_back(plan_, opener_, first, items, attempt, options_.device);
}

void Pipeline::settle(Place batch) {
  std::vector<ItemRecord> records;
  for (auto& item : batch->items) {
    auto& record = item.record;
    if (record.key.empty()) record.key = unread_item_key(*item.series, item.planned, options_.model_digest);
    if (options_.completed) keys_seen_.push_back(digest_from_hex(record.key));
    record.finished = now();
    record.message = with_note(record.message, item.series->note);
    if (record.reason == Reason::dicom_changed)
      for (const auto& path : paths_of(*item.series, item.planned)) index_.distrust(path);
    records.push_back(std::move(record));
  }
  std::vector<FileRecord> files;
  for (auto& [path, file] : batch->files)
    if (!file.sha256.empty()) files.push_back(std::move(file));
  under_way_.erase(batch);
  options_.finished(std::move(records), std::move(files));
}

}  // namespace aidp
