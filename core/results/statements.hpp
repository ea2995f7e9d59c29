// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/results/record.hpp"

namespace aidp {

// What is written or asked for each item, prepared once.
struct Recorder::Statements {
  explicit Statements(Database& database);
  // Of commit(): RETURNING gives the row as it is stored, so that its leaf is bound to exactly that, or no row where the rule of
  // replacement kept the old one.
  Statement item, series, file;
  Statement file_by_path, completed;
  Statement find_provenance, add_provenance;
};

}  // namespace aidp
