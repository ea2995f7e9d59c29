// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "core/dicom/geometry.hpp"
#include "core/manifest/manifest.hpp"
#include "core/results/record.hpp"
#include "jobs/inventory.hpp"

namespace aidp {

// One unit of inference: a frame of an instance, or a volume of a series.
struct PlannedItem {
  std::size_t series = 0;    // in Plan::series
  std::size_t instance = 0;  // unit instance: which file
  std::int64_t frame = 0;    // unit instance: which frame, 0-based
};

// How a series is meant to be used, decided from headers alone.
struct PlannedSeries {
  SeriesInput input;
  std::optional<Reason> refusal;         // why it has no items
  Outcome outcome = Outcome::completed;  // of the refusal: ineligible or quarantined
  std::string message;
  std::size_t items = 0;
};

struct Plan {
  std::vector<PlannedSeries> series;  // ordered by study, series
  std::vector<PlannedItem> items;     // in the order of series, path and frame
  std::vector<LooseFile> loose;
  std::vector<WorklistResult> rows;
  std::int64_t files = 0, headers_read = 0;
};

Plan make_plan(const Manifest& manifest, Inventory inventory, HeaderIndex& index);

// A planned series opened: the headers that its items are of.
struct OpenSeries {
  std::vector<InstanceHeader> instances;
  std::optional<VolumePlan> volume;  // unit series
};
// Of a series with items. Throws as HeaderIndex does.
OpenSeries open_series(const Manifest& manifest, HeaderIndex& index, const PlannedSeries& series);

// Bytes of an item's stored values, by its header; 64-bit, so that a lie about the size is seen before any allocation.
std::uint64_t bytes_of_item(const OpenSeries& series, const PlannedItem& item);

// A loose file is no error of the job where it is simply not DICOM.
Outcome outcome_of(const LooseFile& file);

}  // namespace aidp
