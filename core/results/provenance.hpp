// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace aidp {

// What the headers said of a series when it was computed: what people ask of a result later. Texts, empty where a header was silent; the
// columns of result_columns.def. Shared by the items of a series, so the store holds each once.
struct Provenance {
#define AIDP_COLUMN_PROVENANCE(name, type, unit, description) std::string name;
#include "core/base/result_columns.def"
  bool operator==(const Provenance&) const = default;
};

struct ProvenanceField {
  std::string_view name;  // of the column
  std::string Provenance::*text;
};
inline constexpr std::array provenance_fields{
#define AIDP_COLUMN_PROVENANCE(name, type, unit, description) ProvenanceField{#name, &Provenance::name},
#include "core/base/result_columns.def"
};

}  // namespace aidp
