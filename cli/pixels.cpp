// SPDX-License-Identifier: Apache-2.0
#include "cli/pixels.hpp"

#include <cmath>
#include <iostream>

#include "cli/output.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/checks/pixel_report.hpp"

namespace aidp {

namespace {
using nlohmann::json;
constexpr const char* schema = "aidp.pixels/1";

json number_json(double value, PixelType type) {
  if (!std::isfinite(value)) return nullptr;
  const bool exact = type != PixelType::float32 && type != PixelType::float64;
  return exact ? json(static_cast<std::int64_t>(value)) : json(value);
}

json sha256_json(const FrameFacts& facts) { return facts.pixel_sha256.empty() ? json() : json(facts.pixel_sha256); }

// Of a frame: rows, columns and, of colour, samples.
std::vector<std::int64_t> shape_of(const PixelsReply& pixels) {
  std::vector<std::int64_t> shape{pixels.rows, pixels.columns};
  if (pixels.samples > 1) shape.push_back(pixels.samples);
  return shape;
}

json line_of_instance(const PixelFacts& file) {
  json line{{"type", "instance"}, {"schema", schema}, {"path", file.path}, {"outcome", name(file.outcome)}};
  if (const auto& pixels = file.facts) {
    auto shape = shape_of(*pixels);
    shape.insert(shape.begin(), static_cast<std::int64_t>(pixels->frames.size()));
    line.update({{"sop_instance_uid", pixels->sop_instance_uid},
                 {"transfer_syntax_uid", pixels->transfer_syntax_uid},
                 {"transfer_syntax", pixels->transfer_syntax},
                 {"photometric_interpretation", pixels->photometric_interpretation},
                 {"shape", shape},
                 {"dtype", name(pixels->type)},
                 {"min", number_json(pixels->all.lowest, pixels->type)},
                 {"max", number_json(pixels->all.highest, pixels->type)},
                 {"pixel_sha256", sha256_json(pixels->all)}});
  }
  if (file.reason) line.update({{"reason", aidp::name(*file.reason)}, {"message", file.message}});
  return line;
}

// A line for the instance, whose values are those of all its frames, and one for each frame.
void print_lines(const PixelFacts& file) {
  print_json(line_of_instance(file));
  if (!file.facts) return;
  std::int64_t number = 0;
  for (const auto& frame : file.facts->frames) {
    json line{{"type", "frame"},
              {"schema", schema},
              {"path", file.path},
              {"frame", ++number},
              {"transfer_syntax_uid", file.facts->transfer_syntax_uid},
              {"shape", shape_of(*file.facts)},
              {"dtype", name(file.facts->type)}};
    if (const auto* facts = frame.answer())
      line.update({{"min", number_json(facts->lowest, file.facts->type)},
                   {"max", number_json(facts->highest, file.facts->type)},
                   {"pixel_sha256", facts->pixel_sha256}});
    else
      line.update({{"reason", frame.failure()->reason}, {"message", printable(frame.failure()->message)}});
    print_json(line);
  }
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const auto size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

std::string number_text(const json& number) { return number.is_null() ? "-" : number.dump(); }

std::vector<std::string> refusal_row(const std::string& path, const std::string& frame, const std::string& reason,
                                     const std::string& message) {
  return {path, frame, "", "", "", "", "", reason + ": " + printable(message)};
}

void add_rows(const PixelFacts& file, std::vector<std::vector<std::string>>& table) {
  const auto path = printable(file.path);
  if (!file.facts) {
    table.push_back(refusal_row(path, "", std::string(name(file.reason.value_or(Reason::internal))), file.message));
    return;
  }
  const auto& pixels = *file.facts;
  std::int64_t number = 0;
  for (const auto& frame : pixels.frames) {
    const auto which = std::to_string(++number);
    if (const auto* facts = frame.answer())
      table.push_back({path, which, printable(pixels.transfer_syntax), shape_text(shape_of(pixels)), std::string(name(pixels.type)),
                       number_text(number_json(facts->lowest, pixels.type)), number_text(number_json(facts->highest, pixels.type)),
                       facts->pixel_sha256});
    else
      table.push_back(refusal_row(path, which, frame.failure()->reason, frame.failure()->message));
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
