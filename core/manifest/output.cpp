// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/output.hpp"

#include <algorithm>
#include <type_traits>

#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

namespace {
template <class Base>
bool is_a(const OutputKind& kind) {
  return std::visit([](const auto& of_kind) { return std::is_base_of_v<Base, std::remove_cvref_t<decltype(of_kind)>>; }, kind);
}

std::string unit_of(const Measurement& measurement) { return measurement.unit; }
std::string unit_of(const ClassOutput&) { return ""; }
std::string unit_of(const FileOutput&) { return ""; }

bool can_flag(const Measurement& measurement) { return measurement.flag_at.has_value(); }
bool can_flag(const ClassOutput& classes) { return !classes.flag.empty(); }
bool can_flag(const FileOutput&) { return false; }

bool flags(const Measurement& measurement, double value) { return measurement.flag_at && value >= *measurement.flag_at; }
bool flags(const ClassOutput& classes, double value) { return std::ranges::find(classes.flag, value) != classes.flag.end(); }
bool flags(const FileOutput&, double) { return false; }
}  // namespace

bool Output::is_number() const { return is_a<NumberOutput>(kind); }
bool Output::is_file() const { return is_a<FileOutput>(kind); }

std::string Output::unit() const {
  return std::visit([](const auto& of_kind) { return unit_of(of_kind); }, kind);
}

std::map<int, std::string> Output::classes() const {
  const auto* classes = std::get_if<ClassOutput>(&kind);
  return classes ? classes->names : std::map<int, std::string>();
}

bool Output::has_flag() const {
  return std::visit([](const auto& of_kind) { return can_flag(of_kind); }, kind);
}

bool Output::is_flagged(double value) const {
  return std::visit([value](const auto& of_kind) { return flags(of_kind, value); }, kind);
}

std::string Output::description() const {
  return std::visit([](const auto& of_kind) { return description_of(of_kind); }, kind);
}

}  // namespace aidp
