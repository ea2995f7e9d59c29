// SPDX-License-Identifier: Apache-2.0
#include "core/results/rows.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace aidp {

namespace {
constexpr std::array<std::pair<Outcome, std::string_view>, 4> outcomes{{
    {Outcome::completed, "completed"},
    {Outcome::ineligible, "ineligible"},
    {Outcome::quarantined, "quarantined"},
    {Outcome::failed, "failed"},
}};

[[noreturn]] void throw_damaged(const std::string& what) {
  throw Error(Reason::store_damaged, "the store holds " + what, "`aidp audit verify` names the rows that were changed");
}

constexpr std::array<std::string_view, 3> sources{"present", "gone", "superseded"};

Source source_of(const std::string& text) {
  const auto found = std::ranges::find(sources, text);
  if (found == sources.end()) throw_damaged("an unknown state of a source");
  return static_cast<Source>(found - sources.begin());
}

Outcome outcome_of(const std::string& text) {
  if (const auto outcome = outcome_named(text)) return *outcome;
  throw_damaged("an unknown outcome");
}

nlohmann::json parsed(const std::string& text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) throw_damaged("a column that is not JSON");
  return json;
}
}  // namespace

std::string_view name(Source source) { return sources[static_cast<std::size_t>(source)]; }
std::string_view name(Outcome outcome) { return outcomes[static_cast<std::size_t>(outcome)].second; }

std::optional<Outcome> outcome_named(std::string_view text) {
  for (const auto& [outcome, outcome_name] : outcomes)
    if (outcome_name == text) return outcome;
  return {};
}

std::string series_key(const std::string& study_uid, const std::string& series_uid, const std::string& path) {
  return study_uid + "|" + series_uid + "|" + path;
}

std::string reason_text(const std::optional<Reason>& reason) { return reason ? std::string(name(*reason)) : std::string{}; }

std::string column_json(const nlohmann::json& json) { return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

nlohmann::json artefacts_json(const std::vector<ArtefactRecord>& artefacts) {
  auto json = nlohmann::json::array();
  for (const auto& artefact : artefacts)
    json.push_back({{"path", artefact.path}, {"sha256", artefact.sha256}, {"output", artefact.output}});
  return json;
}

std::vector<ArtefactRecord> artefacts_of(const std::string& text) try {
  std::vector<ArtefactRecord> artefacts;
  if (text == "[]") return artefacts;  // of most items, and there may be millions
  for (const auto& artefact : parsed(text))
    artefacts.push_back({artefact.at("path").get<std::string>(), artefact.at("sha256").get<std::string>(), artefact.value("output", "")});
  return artefacts;
} catch (const nlohmann::json::exception&) {
  throw_damaged("artefacts whose JSON has the wrong shape");
}

ItemRecord item_of(const Statement& row) try {
  ItemRecord item;
  item.key = row.text(0);
  item.study_uid = row.text(1);
  item.series_uid = row.text(2);
  item.sop_uid = row.text(3);
  item.frame = row.integer(4);
  item.outcome = outcome_of(row.text(5));
  item.reason = reason_named(row.text(6));
  item.message = row.text(7);
  item.attempts = static_cast<int>(row.integer(8));
  item.values = parsed(row.text(9)).get<std::map<std::string, double>>();
  item.flags = parsed(row.text(10)).get<std::map<std::string, bool>>();
  item.artefacts = artefacts_of(row.text(11));
  item.queued = parse_time(row.text(12));
  item.finished = parse_time(row.text(13));
  item.device = row.text(14);
  item.decode_ms = row.real(15);
  item.infer_ms = row.real(16);
  item.source = source_of(row.text(17));
  item.source_since = row.text(18);
  item.source_path = row.text(19);
  item.image_position = row.text(20);
  item.acquisition_date = row.text(21);
  item.acquisition_time = row.text(22);
  return item;
} catch (const nlohmann::json::exception&) {
  throw_damaged("an item whose JSON has the wrong shape");
}

SeriesRecord series_of(const Statement& row) {
  SeriesRecord series;
  series.study_uid = row.text(0);
  series.series_uid = row.text(1);
  series.path = row.text(2);
  series.attributes = parsed(row.text(3));
  series.instances = row.integer(4);
  series.outcome = outcome_of(row.text(5));
  series.reason = reason_named(row.text(6));
  series.message = row.text(7);
  series.source = source_of(row.text(8));
  series.source_since = row.text(9);
  series.source_path = row.text(10);
  return series;
}

}  // namespace aidp
