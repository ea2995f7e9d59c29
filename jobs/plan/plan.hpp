// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/image.hpp"
#include "core/dicom/geometry/geometry.hpp"
#include "core/manifest/manifest.hpp"
#include "core/results/record.hpp"
#include "jobs/sources/inventory.hpp"

namespace aidp {

// One unit of inference: a frame of an instance, or a volume of a series.
struct PlannedItem {
  std::size_t series = 0;  // in Plan::series
  std::size_t part = 0;    // which file, or of unit series which volume
  std::int64_t frame = 0;  // unit instance: which frame, 0-based
};

// How a series is meant to be used, decided from headers alone.
struct PlannedSeries {
  SeriesInput input;
  std::optional<Reason> refusal;         // why it has no items
  Outcome outcome = Outcome::completed;  // of the refusal: ineligible or quarantined
  std::string message;
  std::string left_out;  // of what it holds besides its items: how much, and why
  std::string note;      // how it was put together, where its files do not say: all that is said of it ends with this
  std::size_t items = 0;
  std::size_t speaks = 0;    // which image's attributes and path stand for the series: the first that is taken
  std::string patient;       // pseudonym
  std::vector<double> rank;  // Choice::rank
  void refuse(Outcome how, Reason reason, std::string words);
};

struct Plan {
  std::vector<PlannedSeries> series;  // ordered by study, series
  std::vector<PlannedItem> items;     // in the order of series, path and frame
  std::vector<LooseFile> loose;
  std::vector<std::string> unlisted;  // folders
  std::vector<WorklistResult> rows;
  std::int64_t files = 0, headers_read = 0;
  double scan_seconds = 0;
};

Plan make_plan(const Manifest& manifest, Inventory inventory, HeaderIndex& index);
// The same of what take_inventory() finds. An index that turns out to be damaged is made again, and all is listed once more.
Plan make_plan(const Manifest& manifest, const Inputs& inputs, HeaderIndex& index, Crew& dicom,
               const std::function<void(std::int64_t done, std::int64_t total)>& progress);

// A planned series opened: the headers that its items are of.
struct OpenSeries {
  std::vector<InstanceHeader> instances;
  std::vector<VolumePlan> volumes;  // unit series
  bool voi = false;                 // the manifest asks for it
  std::string lacks;                // SeriesInput::lacks
  std::string note;                 // PlannedSeries::note
  bool asks_size = false;           // a result of the manifest depends on how large a pixel is
};

// The frame that an item is called by: an image's own, the first of one of several volumes; nothing where the series says it all.
std::optional<SliceRef> named_by(const OpenSeries& series, const PlannedItem& item);

// The volumes of unit series are all that it holds, those that have no item too. Opens the series of a plan that have items. Items come in
// the order of their series, so the last one opened is kept.
class SeriesOpener {
 public:
  SeriesOpener(const Plan& plan, const Manifest& manifest, HeaderIndex& index) : plan_(plan), manifest_(manifest), index_(index) {}
  // `series`: in Plan::series. Throws as HeaderIndex does.
  std::shared_ptr<const OpenSeries> open(std::size_t series);

 private:
  const Plan& plan_;
  const Manifest& manifest_;
  HeaderIndex& index_;
  std::shared_ptr<const OpenSeries> last_;
  std::size_t last_index_ = SIZE_MAX;
};

// The frames that an item is made of, in their order: the header of each with the number of the frame, 0-based.
void for_each_frame(const OpenSeries& series, const PlannedItem& item,
                    const std::function<void(const InstanceHeader& header, std::int64_t frame)>& visit);

// The type that holds the values of all its frames: of each its own, where signs or depths differ.
PixelType type_of_item(const OpenSeries& series, const PlannedItem& item);

// Bytes of an item's stored values of that type, by its header; 64-bit, so that a lie about the size is seen before any allocation.
std::uint64_t bytes_of_item(const OpenSeries& series, const PlannedItem& item);

// Bytes of the mask of an item: one for each pixel, or voxel of the grid that it is resampled to.
std::uint64_t bytes_of_mask(const OpenSeries& series, const PlannedItem& item);

// Why an item is no image, known from headers alone; nothing where it may be one.
std::optional<Error> refusal_of(const OpenSeries& series, const PlannedItem& item);

// What is to be said of a completed item: that its slices were resampled, one is missing, or its pixels' size is the detector's; empty
// where nothing is.
std::string note_on(const OpenSeries& series, const PlannedItem& item);

// A message with a note behind it; either may be empty.
std::string with_note(const std::string& message, const std::string& note);

// A loose file is no error of the job where it is simply not DICOM.
Outcome outcome_of(const LooseFile& file);

}  // namespace aidp
