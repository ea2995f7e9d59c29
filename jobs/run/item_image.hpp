// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"

namespace aidp {

// An item as an image of a decode request; see protocol.md.
nlohmann::json image_request(const OpenSeries& series, const PlannedItem& item, std::size_t offset, std::size_t bytes);

// An item decoded into the pool for as long as this lives: for what is looked at one by one and not recorded.
class ItemImage {
 public:
  // Waits for a DICOM worker. Throws Error with its reason, Error(pixels_limit) where the pool has no room.
  ItemImage(const OpenSeries& series, const PlannedItem& item, Workforce& workforce);
  ~ItemImage() { pool_.give(slab_); }
  ItemImage(const ItemImage&) = delete;
  const nlohmann::json& item() const { return item_; }  // {offset, image}, as the model's worker takes it

 private:
  Pool& pool_;
  Slab slab_;
  nlohmann::json item_;
};

}  // namespace aidp
