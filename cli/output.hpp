// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "core/base/file.hpp"

namespace aidp {

// Aligned columns on stdout; the first row is the heading.
void print_table(const std::vector<std::vector<std::string>>& rows);
// One line of ASCII: every other character is escaped, so that it survives any terminal and any log.
void print_json(const nlohmann::json& json);
void print_json(std::ostream& stream, const nlohmann::json& json);
// "Next: ..." on stderr, unless quiet.
void print_next(const Globals& globals, const std::string& command);

// A bar on a terminal, a plain line every 30 s or 5 % otherwise or where NO_COLOR asks for no escape codes; on stderr. Nothing with
// --quiet, nor with --format json unless --progress asks for it: a script then finds there an error's JSON alone.
std::unique_ptr<ProgressSink> make_progress(const Globals& globals);

// The store of a home for reading, and for writing, then made if it is missing. Others may use it at the same time.
struct Reader {
  Home home;
  Database database;
  explicit Reader(const Globals& globals);
};
struct Writer {
  Home home;
  Database database;
  explicit Writer(const Globals& globals);
};

}  // namespace aidp
