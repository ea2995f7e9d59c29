// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry/volumes.hpp"

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

  Place place_of(const SliceRef& ref) const {
    const auto& position = *at(ref).position_mm;
    return {std::llround(position[0] / same_place_mm), std::llround(position[1] / same_place_mm),
            std::llround(position[2] / same_place_mm)};
  }

  std::size_t places_of(const Frames& frames) const {
    std::set<Place> places;
    for (const auto& ref : frames) places.insert(place_of(ref));
    return places.size();
  }

  const std::string& telling(const SliceRef& ref, std::size_t attribute) const {
    static const std::string absent;
    return at(ref).telling.empty() ? absent : at(ref).telling[attribute];
  }

  bool is_of_one_kind(const Frames& frames) const {
    for (std::size_t attribute = 0; attribute < keywords_of_volume; ++attribute)
      for (const auto& ref : frames)
        if (telling(ref, attribute) != telling(frames.front(), attribute)) return false;
    return true;
  }

  // By InstanceNumber, where images were numbered volume after volume or place after place, as GE's fMRI and some of Philips' DTI are, and
  // so that none that is lost can have let images of two volumes close ranks. Else they stay together.
  std::vector<Frames> numbered_apart(Frames frames, std::size_t places) const {
    const auto number = [&](const SliceRef& ref) { return series_[ref.instance].instance_number; };
    std::ranges::sort(frames, {}, number);
    if (!number(frames.front()) || places < 2 || frames.size() % places != 0) return {frames};
    const auto origin = std::min<std::int64_t>(*number(frames.front()), 1);
    const auto counted = [&](std::size_t i) { return static_cast<std::size_t>(*number(frames[i]) - origin); };
    const auto count = frames.size() / places, first = counted(0), stride = counted(count) - first;
    // Of each place some may be missing, if they are fewer than it takes for every place to fall one short of the one before.
    const bool all_there = stride == count && first == 0, few_lost = stride >= count && stride - count + 2 < places;
    bool in_volumes = true, in_blocks = all_there || few_lost;
    std::vector<Frames> by_volume(count), by_place(count);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto in_volume = i % places, in_block = i % count;
      by_volume[i / places].push_back(frames[i]);
      by_place[in_block].push_back(frames[i]);
      in_volumes = in_volumes && counted(i) % places == in_volume && counted(i) - counted(i - in_volume) == in_volume;
      in_blocks = in_blocks && counted(i) == first + i / count * stride + in_block && place_of(frames[i]) == place_of(frames[i - in_block]);
    }
    const auto whole = [&](const Frames& volume) { return places_of(volume) == places && is_of_one_kind(volume); };
    if (in_volumes && std::ranges::all_of(by_volume, whole)) return by_volume;
    if (in_blocks && std::ranges::all_of(by_place, whole)) return by_place;
    return {frames};
  }

  // Where nothing tells frames of one place apart they stay together, and are refused as duplicates.
  std::vector<Frames> told_apart(const Frames& frames, std::size_t first_attribute) const {
    const auto places = places_of(frames);
    if (places == frames.size()) return {frames};
    for (auto attribute = first_attribute; attribute < telling_keywords().size(); ++attribute) {
      std::map<std::string, Frames, ByValue> parts;
      for (const auto& ref : frames) parts[telling(ref, attribute)].push_back(ref);
      const auto whole = [&](const auto& part) { return places_of(part.second) == places; };
      if (parts.size() < 2 || !std::ranges::all_of(parts, whole)) continue;
      std::vector<Frames> volumes;
      for (const auto& [value, part] : parts)
        for (auto& volume : told_apart(part, attribute + 1)) volumes.push_back(std::move(volume));
      return volumes;
    }
    return numbered_apart(frames, places);
  }

  std::span<const InstanceHeader> series_;
};
// The refusal of volume `number` (from 1) of `count`, which says so where there are others.
Error of_volume(std::size_t number, std::size_t count, const Error& error) {
  const auto which =
      count == 1 ? std::string() : "volume " + std::to_string(number) + " of the " + std::to_string(count) + " in the series: ";
  const bool duplicate = error.reason() == Reason::geometry_duplicate;
  return {error.reason(),
          which + error.what() +
              (duplicate ? ", and neither an attribute nor the order of InstanceNumber tells them apart with one at each position" : "")};
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
