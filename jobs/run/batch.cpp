// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/batch.hpp"

#include <algorithm>

#include "core/base/saturating.hpp"
#include "jobs/plan/item_key.hpp"
#include "jobs/plan/provenance.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/run/artefact_form.hpp"
#include "jobs/run/item_image.hpp"

namespace aidp {

namespace {
constexpr std::size_t alignment = 64;
constexpr std::uint64_t bytes_at_most = 128 << 20;  // of images: at least two batches fit the smallest pool

std::size_t aligned(std::uint64_t bytes) { return add_saturating<std::uint64_t>(bytes, alignment - 1) / alignment * alignment; }
}  // namespace

void quarantine(BatchItem& item, Reason reason, const std::string& message) {
  item.record.outcome = Outcome::quarantined;
  item.record.reason = reason;
  item.record.message = message;
  item.stage = Stage::ended;
}

// A batch of large images is cut so that several fit the pool, whatever --memory is: the cut depends on the headers alone.
Batch::Batch(const Plan& plan, SeriesOpener& opener, std::size_t first_item, std::size_t at_most, int which_attempt,
             const std::string& device)
    : first(first_item), attempt(which_attempt) {
  for (std::size_t i = first; i < first + at_most; ++i) {
    const auto& planned = plan.items[i];
    auto series = opener.open(planned.series);
    if (i > first && image_bytes() + aligned(bytes_of_item(*series, planned)) > bytes_at_most) break;
    add(plan, std::move(series), planned, device);
  }
}

void Batch::add(const Plan& plan, std::shared_ptr<const OpenSeries> series, const PlannedItem& planned, const std::string& device) {
  BatchItem item;
  item.planned = planned;
  item.offset = items.empty() ? 0 : image_bytes();
  item.bytes = static_cast<std::size_t>(bytes_of_item(*series, planned));
  auto& record = item.record;
  record.study_uid = plan.series[planned.series].input.study_uid;
  record.series_uid = plan.series[planned.series].input.series_uid;
  if (const auto named = named_by(*series, planned)) {
    const auto& header = series->instances[named->instance];
    record.sop_uid = header.sop_instance_uid;
    record.frame = header.number_of_frames > 1 ? named->frame + 1 : 0;
  }
  set_origin(record, *series, planned);
  record.queued = now();
  record.attempts = attempt;
  record.device = device;
  for_each_frame(*series, planned, [&](const InstanceHeader& header, std::int64_t) {
    files.try_emplace(header.path, FileRecord{header.path, header.state, {}});
  });
  item.series = std::move(series);
  items.push_back(std::move(item));
}

std::size_t Batch::image_bytes() const { return items.back().offset + aligned(items.back().bytes); }

std::size_t Batch::output_bytes(const std::vector<Output>& file_outputs) const {
  std::size_t bytes = 0;
  for (const auto& item : items)
    for (const auto& output : file_outputs) bytes += aligned(artefact_form(output).bytes(*item.series, item.planned));
  return bytes;
}

bool Batch::ended() const {
  return std::ranges::all_of(items, [](const auto& item) { return item.stage == Stage::ended; });
}

DecodeRequest Batch::decode_request() {
  DecodeRequest request;
  for (auto& item : items) {
    request.images.push_back(wanted_image(*item.series, item.planned, (*images)->offset + item.offset));
    item.stage = Stage::decoding;
  }
  return request;
}

void Batch::take(const DecodeRequest& request, DecodeReply reply, const KeyOf& key_of) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& item = items[i];
    const auto& wanted = request.images[i];
    if (const auto* failed = reply.images[i].failure()) {
      const auto failure = item_failure(*failed);
      quarantine(item, failure.reason, failure.message);
      continue;
    }
    auto& decoded = std::get<DecodedImage>(reply.images[i].said);
    std::map<std::string, std::string> content;
    for (std::size_t f = 0; f < wanted.files.size(); ++f) {
      content[wanted.files[f].path] = decoded.sha256[f];
      files.at(wanted.files[f].path).sha256 = decoded.sha256[f];
    }
    item.record.decode_ms = decoded.milliseconds;
    item.record.key = key_of(item, content);
    item.image = image_of(*item.series, item.planned, wanted, std::move(decoded));
    item.stage = Stage::decoded;
  }
}

InferRequest Batch::infer_request(const std::map<std::string, std::uint64_t>& values, const std::vector<Output>& file_outputs) {
  InferRequest request{.items = {}, .values = values, .files = {}};
  auto room = outputs ? (*outputs)->offset : 0;
  for (auto& item : items) {
    if (item.stage != Stage::decoded) continue;
    request.items.push_back({(*images)->offset + item.offset, item.image});
    item.stage = Stage::inferring;
    for (const auto& output : file_outputs) {
      const auto bytes = artefact_form(output).bytes(*item.series, item.planned);
      item.rooms[output.name] = room;
      request.files[output.name].push_back({room, bytes});
      room += aligned(bytes);
    }
  }
  return request;
}

void Batch::take(InferReply reply) {
  const auto each_ms = reply.infer_ms / static_cast<double>(reply.items.size());
  auto said = reply.items.begin();
  for (auto& item : items) {
    if (item.stage != Stage::inferring) continue;
    item.record.infer_ms = each_ms;
    if (const auto* failed = said->failure()) {
      const auto failure = item_failure(*failed);
      quarantine(item, failure.reason, failure.message);
    } else {
      item.record.message = note_on(*item.series, item.planned);
      item.record.values = std::move(std::get<InferredItem>(said->said).values);
      item.stage = Stage::writing;
    }
    ++said;
  }
}

}  // namespace aidp
