// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/item_image.hpp"

#include "core/base/text.hpp"
#include "jobs/protocol/json_bridge.hpp"

namespace aidp {

namespace {
constexpr std::chrono::milliseconds timeout = std::chrono::minutes(5);

// Throws why there is no image, before any memory is taken.
Slab room_for(const OpenSeries& series, const PlannedItem& item, Pool& pool) {
  if (const auto refusal = refusal_of(series, item)) throw *refusal;
  const auto bytes = bytes_of_item(series, item);
  const auto slab = bytes <= pool.size() ? pool.take(static_cast<std::size_t>(bytes)) : std::nullopt;
  if (!slab)
    throw Error(Reason::pixels_limit, "the images need " + bytes_text(bytes) + ", the memory for pixels is " + bytes_text(pool.size()));
  return *slab;
}
}  // namespace

nlohmann::json image_request(const OpenSeries& series, const PlannedItem& item, std::size_t offset, std::size_t bytes) {
  auto slices = nlohmann::json::array();
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t frame) {
    slices.push_back({{"path", header.path}, {"frame", frame}, {"sop_instance_uid", header.sop_instance_uid}});
  });
  nlohmann::json request{{"offset", offset}, {"bytes", bytes}, {"slices", std::move(slices)}, {"voi", series.voi}};
  if (!series.volumes.empty()) {
    const auto& volume = series.volumes[item.part];
    request["volume"] = {{"affine", volume.affine}, {"spacing_mm", volume.spacing_mm}};
    if (volume.grid) request["volume"]["grid"] = *volume.grid;
  }
  return request;
}

ItemImage::ItemImage(const OpenSeries& series, const PlannedItem& item, Workforce& workforce)
    : pool_(workforce.images), slab_(room_for(series, item, workforce.images)) {
  try {
    nlohmann::json request{{"op", "decode"}, {"slab", {slab_.offset, slab_.size}}};
    request["images"].push_back(image_request(series, item, 0, static_cast<std::size_t>(bytes_of_item(series, item))));
    const auto image = ask_json(workforce.dicom, std::move(request), timeout).at("images").at(0);
    if (!image.contains("image"))
      throw Error(reason_named(image.value("reason", "")).value_or(Reason::internal), image.value("message", ""));
    item_ = {{"offset", slab_.offset}, {"image", image["image"]}};
  } catch (...) {
    pool_.give(slab_);
    throw;
  }
}

}  // namespace aidp
