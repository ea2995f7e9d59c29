// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/results/record.hpp"
#include "jobs/plan/plan.hpp"

namespace aidp {

// What the headers say of an item's series. Dates as YYYY-MM-DD and times as HH:MM:SS if they are DICOM's, else as they stand; ages in
// years.
Provenance provenance_of(const OpenSeries& series);

// Fills in what a result remembers of its source: the first file with its acquisition and position, and the provenance of the series.
void set_origin(ItemRecord& record, const OpenSeries& series, const PlannedItem& item);

}  // namespace aidp
