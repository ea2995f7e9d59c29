// SPDX-License-Identifier: Apache-2.0
#include "cli/pixels.hpp"

#include <iostream>

#include "cli/output.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/checks/pixel_report.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr const char* schema = "aidp.pixels/1";

void put_refusal(json& line, const json& said) {
  line["reason"] = said.value("reason", "");
  line["message"] = said.value("message", "");
}

// A line for the instance, whose values are those of all its frames, and one for each frame.
void print_lines(const PixelFacts& file) {
  json line{{"type", "instance"}, {"schema", schema}, {"path", file.path}, {"outcome", name(file.outcome)}};
  if (file.facts.is_object())
    for (const char* key : {"sop_instance_uid", "transfer_syntax_uid", "transfer_syntax", "photometric_interpretation", "shape", "dtype",
                            "min", "max", "pixel_sha256"})
      line[key] = file.facts.at(key);
  if (file.reason) put_refusal(line, {{"reason", aidp::name(*file.reason)}, {"message", file.message}});
  print_json(line);
  if (!file.facts.is_object()) return;
  std::int64_t number = 0;
  auto shape = file.facts.at("shape");
  shape.erase(shape.begin());
  for (const auto& frame : file.facts.at("frames")) {
    json of_frame{{"type", "frame"},
                  {"schema", schema},
                  {"path", file.path},
                  {"frame", ++number},
                  {"transfer_syntax_uid", file.facts.at("transfer_syntax_uid")},
                  {"shape", shape},
                  {"dtype", file.facts.at("dtype")}};
    of_frame.update(frame);
    print_json(of_frame);
  }
}

std::string shape_text(const json& shape) {
  std::string text;
  for (const auto& size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size.get<std::int64_t>());
  return text;
}

std::string number_text(const json& number) { return number.is_null() ? "-" : number.dump(); }

std::vector<std::string> refusal_row(const std::string& path, const std::string& frame, const std::string& reason,
                                     const std::string& message) {
  return {path, frame, "", "", "", "", "", reason + ": " + printable(message)};
}

void add_rows(const PixelFacts& file, std::vector<std::vector<std::string>>& table) {
  const auto path = printable(file.path);
  if (!file.facts.is_object()) {
    table.push_back(refusal_row(path, "", std::string(name(file.reason.value_or(Reason::internal))), file.message));
    return;
  }
  std::int64_t number = 0;
  auto shape = file.facts.at("shape");
  shape.erase(shape.begin());
  for (const auto& frame : file.facts.at("frames")) {
    const auto which = std::to_string(++number);
    if (frame.contains("reason"))
      table.push_back(refusal_row(path, which, frame["reason"], frame.value("message", "")));
    else
      table.push_back({path, which, file.facts.at("transfer_syntax"), shape_text(shape), file.facts.at("dtype"), number_text(frame["min"]),
                       number_text(frame["max"]), frame["pixel_sha256"]});
  }
}
}  // namespace

Exit print_pixels(const std::vector<std::string>& paths, int workers, const Globals& globals) {
  const auto progress = make_progress(globals);
  std::vector<std::vector<std::string>> table{
      {"FILE", "FRAME", "TRANSFER SYNTAX", "SHAPE", "TYPE", "MIN", "MAX", "PIXEL SHA-256, OR WHY NOT"}};
  std::map<Outcome, std::int64_t> outcomes;
  report_pixels(find_home(globals.home), {paths.begin(), paths.end()}, workers, *progress, [&](const PixelFacts& file) {
    ++outcomes[file.outcome];
    if (globals.json())
      print_lines(file);
    else
      add_rows(file, table);
  });
  if (!globals.json()) print_table(table);
  if (outcomes[Outcome::quarantined] > 0) return Exit::partial;
  return outcomes[Outcome::completed] > 0 ? Exit::ok : Exit::nothing;
}

}  // namespace aidp
