// SPDX-License-Identifier: Apache-2.0
#include "jobs/plan/choose.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr double last = std::numeric_limits<double>::infinity();
constexpr std::size_t reasons_told = 3;

// The first rule that is not met, and what was seen; empty: all are met.
std::string unmet(const Selection& selection) {
  const auto failed = std::ranges::find(selection.verdicts, false, &RuleVerdict::passed);
  return failed == selection.verdicts.end() ? "" : failed->rule + ", but it is " + failed->seen;
}

// As the attributes of an image have it: what DICOM separates by backslashes is a list.
nlohmann::json value_of(const std::string& text) {
  auto values = nlohmann::json::array();
  for (const auto& part : split(text, '\\')) {
    const auto parsed = number_in<double>(part);
    const auto number = parsed && std::isfinite(*parsed) ? parsed : std::nullopt;  // "inf" is a text
    const bool whole = number && number_in<std::int64_t>(part);
    values.push_back(whole    ? nlohmann::json(number_in<std::int64_t>(part).value())
                     : number ? nlohmann::json(*number)
                              : nlohmann::json(part));
  }
  return values.size() == 1 ? values[0] : values;
}

// What rules see of the frames of a series, one after the other: most see the same as the one before.
class Seen {
 public:
  Seen(const Manifest& manifest, const OpenSeries& series) : manifest_(manifest), series_(series), keywords_(keywords_of(manifest)) {
    for (std::size_t i = 0; i < telling_keywords().size(); ++i)
      for (const auto* keyword : {&telling_keywords()[i], &telling_keywords_of_frames()[i]})
        if (std::ranges::binary_search(keywords_, *keyword)) of_frames_.emplace_back(*keyword, i);
  }

  // Empty: all rules are met.
  const std::string& unmet_by(const SliceRef& frame) {
    look_at(frame);
    return unmet_;
  }

  // By the manifest's preferences, the lower the better.
  std::vector<double> rank_of(const SliceRef& frame) {
    look_at(frame);
    std::vector<double> rank;
    for (const auto& [attribute, largest] : manifest_.prefer) {
      auto value = attributes_.value(attribute, nlohmann::json());
      if (value.is_array() && !value.empty()) value = value[0];
      rank.push_back(!value.is_number() ? last : largest ? -value.get<double>() : value.get<double>());
    }
    return rank;
  }

 private:
  void look_at(const SliceRef& frame) {
    auto differs = differing_of(frame);
    if (looked_ && differs == differs_) return;
    looked_ = true;
    attributes_ = series_.instances.front().attributes;
    if (differs.is_object()) attributes_.merge_patch(differs);
    differs_ = std::move(differs);
    unmet_ = unmet(select(manifest_, attributes_));
  }

  // From the series' first image, of what the manifest names.
  nlohmann::json differing_of(const SliceRef& ref) const {
    const auto& header = series_.instances[ref.instance];
    auto differs = nlohmann::json::object();
    if (header.attributes.is_object() && ref.instance > 0)
      for (const auto& keyword : keywords_)
        if (const auto own = header.attributes.find(keyword); own != header.attributes.end()) differs[keyword] = *own;
    // A volume of an enhanced object has the values of its own frames, not those of all.
    const bool of_frames = !series_.volumes.empty() && header.frames.size() > 1 && header.tiles_across == 0;
    if (!of_frames) return differs;
    for (const auto& [keyword, i] : of_frames_) {
      const auto& frames = header.frames;
      const auto& own = frames[static_cast<std::size_t>(ref.frame)].telling;
      const auto same = [&](const FrameHeader& frame) { return !frame.telling.empty() && frame.telling[i] == own[i]; };
      if (!own.empty() && !own[i].empty() && !std::ranges::all_of(frames, same)) differs[keyword] = value_of(own[i]);
    }
    return differs;
  }

  const Manifest& manifest_;
  const OpenSeries& series_;
  std::vector<std::string> keywords_;
  std::vector<std::pair<std::string, std::size_t>> of_frames_;  // of them, and which of telling_keywords() they are
  bool looked_ = false;
  nlohmann::json differs_, attributes_;
  std::string unmet_;
};

// What was left out, by reason.
class LeftOut {
 public:
  void add(const std::string& why) {
    ++count_;
    if (const auto known = std::ranges::find(reasons_, why, &Counted::first); known != reasons_.end())
      ++known->second;
    else if (reasons_.size() < reasons_told)
      reasons_.emplace_back(why, 1);
    else
      ++others_;
  }

  std::string words(std::size_t parts, const char* called) const {
    if (count_ == 0) return {};
    if (count_ == parts && reasons_.size() == 1) return reasons_.front().first;
    std::vector<std::string> told;
    for (const auto& [why, count] : reasons_) told.push_back(reasons_.size() == 1 ? why : std::to_string(count) + ": " + why);
    if (others_ > 0) told.push_back(std::to_string(others_) + " for other reasons");
    return std::to_string(count_) + " of " + std::to_string(parts) + " " + called + " left out: " + join(told, "; ");
  }

 private:
  using Counted = std::pair<std::string, std::size_t>;
  std::vector<Counted> reasons_;
  std::size_t count_ = 0, others_ = 0;
};

// Why a volume does not fit: the first of its frames that does not. A part of a volume is never cut off.
std::string unmet_by(Seen& seen, const std::vector<SliceRef>& frames) {
  std::string why;
  std::size_t misfits = 0;
  for (const auto& frame : frames)
    if (const auto& unmet = seen.unmet_by(frame); !unmet.empty() && misfits++ == 0) why = unmet;
  if (misfits == 0 || misfits == frames.size()) return why;
  return why + " in " + std::to_string(misfits) + " of its " + std::to_string(frames.size()) + " slices";
}

// Of parts of one series the best; the others leave.
void keep_preferred(Choice& choice, const std::vector<std::vector<double>>& ranks, LeftOut& left_out) {
  choice.rank = std::ranges::min(ranks);
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < choice.parts.size(); ++i)
    if (ranks[i] == choice.rank)
      best.push_back(choice.parts[i]);
    else
      left_out.add("the model prefers another of the series");
  choice.parts = std::move(best);
}
}  // namespace

Choice choose(const Manifest& manifest, const OpenSeries& series) {
  const bool of_volumes = !series.volumes.empty();
  const auto parts = of_volumes ? series.volumes.size() : series.instances.size();
  Seen seen(manifest, series);
  LeftOut left_out;
  Choice choice;
  std::vector<std::vector<double>> ranks;
  for (std::size_t i = 0; i < parts; ++i) {
    const auto frames = of_volumes ? series.volumes[i].slices : std::vector{SliceRef{i, 0}};
    if (const auto why = unmet_by(seen, frames); !why.empty()) {
      left_out.add(why);
      continue;
    }
    choice.parts.push_back(i);
    if (manifest.one_per_study) ranks.push_back(seen.rank_of(frames.front()));
  }
  if (!ranks.empty()) keep_preferred(choice, ranks, left_out);
  choice.left_out = left_out.words(parts, of_volumes ? "volumes" : "images");
  return choice;
}

}  // namespace aidp
