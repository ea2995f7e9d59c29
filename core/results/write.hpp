// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "core/results/columns.hpp"

namespace aidp {

// Writes results.jsonl of a job into `out`, whole or not at all, streaming, items in the order of for_each_item: a line for the job, which
// names the columns of the other tables with their units, one for each item, and a summary. results.h5 is made of it by a worker
// (core/artefacts/hdf5.hpp), which wants to know what is given: the bytes of each column's longest text.
std::vector<std::size_t> write_json_lines(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs,
                                          const std::filesystem::path& out);
// Writes results.csv (columns_of()) and ledger.csv (ledger_columns) in the same way. All columns before `source_since` are
// byte-identical however often the job was killed and resumed.
void write_tables(Recorder& recorder, const JobRecord& job, const std::vector<OutputColumn>& outputs, const std::filesystem::path& out);

}  // namespace aidp
