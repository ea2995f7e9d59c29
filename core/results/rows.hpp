// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/results/record.hpp"

namespace aidp {

// Between the store's rows and our records. The column lists are those that the readers below expect.
inline constexpr const char* item_columns =
    "key, study_uid, series_uid, sop_uid, frame, outcome, reason, message, attempts, \"values\", flags, artefacts, queued_at, finished_at, "
    "device, decode_ms, infer_ms, source, source_since, source_path, image_position, acquisition_date, acquisition_time, provenance";
inline constexpr const char* series_columns =
    "study_uid, series_uid, path, attributes, instances, outcome, reason, message, source, source_since, source_path";
inline constexpr int item_provenance_column = 23;

// Without its provenance.
ItemRecord item_of(const Statement& row);
SeriesRecord series_of(const Statement& row);

nlohmann::json artefacts_json(const std::vector<ArtefactRecord>& artefacts);
std::vector<ArtefactRecord> artefacts_of(const std::string& column);  // throws Error(store_damaged)
std::string reason_text(const std::optional<Reason>& reason);
// JSON text for a column; a byte that is not UTF-8 is replaced.
std::string column_json(const nlohmann::json& json);

}  // namespace aidp
