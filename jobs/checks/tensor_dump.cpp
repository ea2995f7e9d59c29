// SPDX-License-Identifier: Apache-2.0
// What a model would be given, item by item, as HDF5: the model's worker puts it into the output pool, the writer writes it from there.
#include "jobs/checks/tensor_dump.hpp"

#include <algorithm>

#include "core/base/file.hpp"
#include "core/base/publish.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/run/item_image.hpp"

namespace aidp {

namespace {
class Dumper {
 public:
  Dumper(const Package& package, const Plan& plan, Workforce& workforce, HeaderIndex& index, ProgressSink& progress)
      : package_(package),
        plan_(plan),
        workforce_(workforce),
        opener_(plan, package.manifest, index),
        progress_(progress),
        room_(*workforce.outputs.lease(workforce.outputs.size())) {}
  Dumper(const Dumper&) = delete;

  void write(const std::filesystem::path& file, TensorDump& dump) {
    for (std::size_t i = 0; i < plan_.items.size(); ++i) {
      SignalGuard::check();  // a part would be taken for all
      progress_.update({.phase = "running", .done = static_cast<std::int64_t>(i), .total = static_cast<std::int64_t>(plan_.items.size())});
      const auto& item = plan_.items[i];
      try {
        write_item(*opener_.open(item.series), item, i + 1, file);
        ++dump.written;
      } catch (const Error& error) {
        if (error.exit() != Exit::partial) throw;  // no fault of the item
        dump.failures.push_back({plan_.series[item.series].input.series_uid, static_cast<std::int64_t>(i) + 1,
                                 std::string(name(error.reason())), error.what()});
      }
    }
  }

 private:
  void write_item(const OpenSeries& series, const PlannedItem& item, std::size_t number, const std::filesystem::path& file) {
    const auto timeout = std::chrono::seconds(package_.manifest.timeout_s);
    const ItemImage image(series, item, workforce_);
    const Place room{room_->offset, room_->size};
    const auto tensor = ask(*workforce_.model, PrepareRequest{image.item(), room}, timeout);
    const auto& first = series.instances.front();
    WriteTensorRequest request{
        .place = room,
        .shape = tensor.shape,
        .affine = {},
        .path = file.string(),
        .name = std::to_string(number),
        .attributes = {{"study_uid", first.study_instance_uid}, {"series_uid", first.series_instance_uid}},
        .file_attributes = {{"schema", "aidp.tensors/1"}, {"model", package_.manifest.id()}, {"model_digest", package_.digest}}};
    if (tensor.affine) std::ranges::copy(*tensor.affine, request.affine.emplace().begin());
    if (const auto named = named_by(series, item)) {
      const auto& header = series.instances[named->instance];
      request.attributes["sop_uid"] = header.sop_instance_uid;
      if (header.number_of_frames > 1) request.frame = named->frame + 1;
    }
    constexpr int once = 1;  // what a writer that died left of the file is not added to
    ask(workforce_.writer(), request, std::chrono::minutes(2), once);
  }

  const Package& package_;
  const Plan& plan_;
  Workforce& workforce_;
  SeriesOpener opener_;
  ProgressSink& progress_;
  SlabLease room_;
};
}  // namespace

void write_tensors(const Package& package, const Plan& plan, HeaderIndex& index, Workforce& workforce, const std::string& device,
                   const std::filesystem::path& file, ProgressSink& progress, TensorDump& dump) {
  workforce.hire_model(package.folder, package.manifest, device);
  workforce.device();
  Dumper dumper(package, plan, workforce, index, progress);
  struct Nothing {};
  try {
    publish_with(file, [&](const std::filesystem::path& temporary) {
      std::filesystem::remove(temporary);
      dumper.write(temporary, dump);
      if (dump.written == 0) throw Nothing();
    });
  } catch (const Nothing&) {  // is published
  }
}

}  // namespace aidp
