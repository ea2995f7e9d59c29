// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/results/record.hpp"

namespace aidp {

// The statements of commit(). RETURNING gives the row as it is stored, so that its leaf is bound to exactly that, or no row where
// the rule of replacement kept the old one.
struct Recorder::Statements {
  explicit Statements(Database& database);
  Statement item, series, file;
};

}  // namespace aidp
