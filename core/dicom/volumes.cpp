// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/volumes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "core/base/error.hpp"

namespace aidp {

namespace {
using Frames = std::vector<SliceRef>;
using Place = std::array<std::int64_t, 3>;
constexpr double same_place_mm = 1e-3;

// Numbers by value and before texts.
struct ByValue {
  bool operator()(const std::string& a, const std::string& b) const { return key(a) < key(b); }
  static std::pair<double, std::string> key(const std::string& text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return {error == std::errc() ? number : INFINITY, text};
  }
};

class Splitter {
 public:
  explicit Splitter(std::span<const InstanceHeader> series) : series_(series) {}

  std::vector<Frames> volumes() const {
    std::vector<Frames> found;
    for (const auto& group : groups())
      for (auto& volume : told_apart(group, 0)) found.push_back(std::move(volume));
    return found;
  }

 private:
  const FrameHeader& at(const SliceRef& ref) const { return series_[ref.instance].frames[static_cast<std::size_t>(ref.frame)]; }

  // Of frames that may lie in one volume, in the order in which the series has the first of each.
  std::vector<Frames> groups() const {
    std::vector<Frames> groups;
    for (const auto& slice : slices_of(series_)) {
      const auto own = std::ranges::find_if(groups, [&](const Frames& group) { return may_share(group.front(), slice); });
      if (own == groups.end())
        groups.push_back({slice});
      else
        own->push_back(slice);
    }
    return groups;
  }

  // A mosaic is a volume by itself.
  bool may_share(const SliceRef& a, const SliceRef& b) const {
    const bool mosaic = series_[a.instance].tiles_across > 0 || series_[b.instance].tiles_across > 0;
    return mosaic ? a.instance == b.instance : are_alike(series_, a, b);
  }

  std::size_t places_of(const Frames& frames) const {
    std::set<Place> places;
    for (const auto& ref : frames) {
      const auto& position = *at(ref).position_mm;
      places.insert({std::llround(position[0] / same_place_mm), std::llround(position[1] / same_place_mm),
                     std::llround(position[2] / same_place_mm)});
    }
    return places.size();
  }

  // Where no attribute tells frames of one place apart they stay together, and are refused as duplicates.
  std::vector<Frames> told_apart(const Frames& frames, std::size_t first_attribute) const {
    const auto places = places_of(frames);
    if (places == frames.size()) return {frames};
    for (auto attribute = first_attribute; attribute < telling_keywords().size(); ++attribute) {
      std::map<std::string, Frames, ByValue> parts;
      for (const auto& ref : frames) parts[at(ref).telling.empty() ? "" : at(ref).telling[attribute]].push_back(ref);
      const auto whole = [&](const auto& part) { return places_of(part.second) == places; };
      if (parts.size() < 2 || !std::ranges::all_of(parts, whole)) continue;
      std::vector<Frames> volumes;
      for (const auto& [value, part] : parts)
        for (auto& volume : told_apart(part, attribute + 1)) volumes.push_back(std::move(volume));
      return volumes;
    }
    return {frames};
  }

  std::span<const InstanceHeader> series_;
};
// The refusal of volume `number` (from 1) of `count`, which says so where there are others.
Error of_volume(std::size_t number, std::size_t count, const Error& error) {
  const auto which =
      count == 1 ? std::string() : "volume " + std::to_string(number) + " of the " + std::to_string(count) + " in the series: ";
  const bool duplicate = error.reason() == Reason::geometry_duplicate;
  return {error.reason(), which + error.what() + (duplicate ? ", and no attribute tells them apart with one at each place" : "")};
}
}  // namespace

std::vector<VolumePlan> split_volumes(std::span<const InstanceHeader> series, const Straightening& may) {
  const auto volumes = Splitter(series).volumes();
  std::vector<VolumePlan> plans;
  for (const auto& frames : volumes) try {
      plans.push_back(plan_volume(series, frames, may));
    } catch (const Error& error) {
      plans.emplace_back().slices = frames;
      plans.back().refusal = of_volume(plans.size(), volumes.size(), error);
    }
  if (std::ranges::all_of(plans, [](const auto& plan) { return plan.refusal.has_value(); })) throw *plans.front().refusal;
  return plans;
}

}  // namespace aidp
