// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/results/record.hpp"
#include "jobs/plan/plan.hpp"

namespace aidp {

// What the header of an image says of its series. Dates as YYYY-MM-DD and times as HH:MM:SS if they are DICOM's, else as they stand; ages
// in years.
Provenance provenance_of(const OpenSeries& series, std::size_t instance);

// Fills in what a result remembers of its source: its first file, with the acquisition, position and provenance of that.
void set_origin(ItemRecord& record, const OpenSeries& series, const PlannedItem& item);

}  // namespace aidp
