// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace aidp {

enum class ColumnType { text, number };

struct ResultColumn {
  std::string_view name;
  ColumnType type;
  std::string_view unit;  // empty: none
  std::string_view description;
};

#define AIDP_COLUMN(name, type, unit, description) ResultColumn{#name, ColumnType::type, unit, description},
// The columns of results.csv before and after those of the model's outputs, which therefore no output may be called.
inline constexpr std::array columns_before_outputs{
#define AIDP_COLUMN_BEFORE AIDP_COLUMN
#include "core/base/result_columns.def"
};
inline constexpr std::array columns_after_outputs{
#define AIDP_COLUMN_ORIGIN AIDP_COLUMN
#define AIDP_COLUMN_PROVENANCE AIDP_COLUMN
#define AIDP_COLUMN_AFTER AIDP_COLUMN
#include "core/base/result_columns.def"
};
// What an item of results.jsonl has besides.
inline constexpr std::array<std::string_view, 4> names_of_items{"type", "values", "flags", "artefacts"};

// The columns of ledger.csv: a row for each series, and for each file that belongs to none.
inline constexpr std::array ledger_columns{
    ResultColumn{"study_uid", ColumnType::text, "", "StudyInstanceUID (0020,000D)"},
    ResultColumn{"series_uid", ColumnType::text, "", "SeriesInstanceUID (0020,000E); empty for a file that belongs to no series"},
    ResultColumn{"path", ColumnType::text, "", "The file or folder, if it belongs to no series"},
    ResultColumn{"modality", ColumnType::text, "", "Modality (0008,0060)"},
    ResultColumn{"manufacturer", ColumnType::text, "", "Manufacturer (0008,0070)"},
    ResultColumn{"model", ColumnType::text, "", "ManufacturerModelName (0008,1090)"},
    ResultColumn{"site", ColumnType::text, "", "--site, else InstitutionName (0008,0080)"},
    ResultColumn{"instances", ColumnType::number, "", "Files of the series"},
    ResultColumn{"outcome", ColumnType::text, "", "The worst outcome of its items: completed, ineligible, quarantined or failed"},
    ResultColumn{"reason", ColumnType::text, "", "Why it is not completed: see aidp-reasons(7)"},
    ResultColumn{"message", ColumnType::text, "", "The same in words"},
    ResultColumn{"source", ColumnType::text, "", "present; gone: no longer among the inputs; superseded: a newer row takes its place"},
    ResultColumn{"source_since", ColumnType::text, "",
                 "When the current state of the source was first seen (UTC); empty: present from the start"},
};
#undef AIDP_COLUMN

}  // namespace aidp
