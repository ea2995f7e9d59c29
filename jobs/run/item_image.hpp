// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/protocol/model_messages.hpp"
#include "jobs/protocol/read_messages.hpp"

namespace aidp {

// An item as an image to be decoded at `offset` of the input pool.
WantedImage wanted_image(const OpenSeries& series, const PlannedItem& item, std::size_t offset);
// An item's image: what its headers say of it, and what decoding told.
ImageHeader image_of(const OpenSeries& series, const PlannedItem& item, const WantedImage& wanted, DecodedImage decoded);
// Of a label map on the source grid of an image.
ImageHeader mask_header(const ImageHeader& image);

// How long decoding may take: longer for more files, frames and bytes.
std::chrono::milliseconds decode_timeout(const DecodeRequest& request);

// An item decoded into the pool for as long as this lives: for what is looked at one by one and not recorded.
class ItemImage {
 public:
  // Waits for a DICOM worker. Throws Error with its reason, Error(pixels_limit) where the pool has no room.
  ItemImage(const OpenSeries& series, const PlannedItem& item, Workforce& workforce);
  const ModelItem& item() const { return item_; }

 private:
  SlabLease slab_;
  ModelItem item_;
};

}  // namespace aidp
