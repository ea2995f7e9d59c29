// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace aidp {

// The columns of results.csv before and after those of the model's outputs, which therefore no output may be called.
inline constexpr std::array<std::string_view, 8> columns_before_outputs{"key",   "study_uid", "series_uid", "sop_uid",
                                                                        "frame", "outcome",   "reason",     "message"};
inline constexpr std::array<std::string_view, 7> columns_after_outputs{"artefacts",   "device",    "attempts", "queued_at",
                                                                       "finished_at", "decode_ms", "infer_ms"};
// What an item of results.jsonl and results.h5 has besides.
inline constexpr std::array<std::string_view, 3> names_of_items{"type", "values", "flags"};

}  // namespace aidp
