// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry/volumes.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/dicom/geometry/told_apart.hpp"

namespace aidp {

namespace {
using Frames = std::vector<SliceRef>;

// Frames that may lie in one volume, in groups: in the order in which the series has the first of each.
class Grouper {
 public:
  explicit Grouper(std::span<const InstanceHeader> series) : series_(series) {
    for (const auto& header : series)
      for (const auto& frame : header.frames) ++frames_of_stack_[stack_of(frame)];
  }

  std::vector<Frames> groups(const Frames& slices) const {
    std::vector<Frames> groups;
    for (const auto& slice : slices) {
      const auto own = std::ranges::find_if(groups, [&](const Frames& group) { return may_share(group.front(), slice); });
      if (own == groups.end())
        groups.push_back({slice});
      else
        own->push_back(slice);
    }
    return groups;
  }

 private:
  static const std::string& stack_of(const FrameHeader& frame) {
    static const std::string none;
    return frame.telling.empty() ? none : frame.telling[telling::stack_id];
  }
  const FrameHeader& at(const SliceRef& ref) const { return series_[ref.instance].frames[static_cast<std::size_t>(ref.frame)]; }

  // A mosaic is a volume by itself.
  bool may_share(const SliceRef& a, const SliceRef& b) const {
    const bool mosaic = series_[a.instance].tiles_across > 0 || series_[b.instance].tiles_across > 0;
    if (mosaic) return a.instance == b.instance;
    return are_alike(series_, a, b) && is_localizer(at(a)) == is_localizer(at(b)) && in_one_stack(stack_of(at(a)), stack_of(at(b)));
  }

  static bool is_localizer(const FrameHeader& frame) {
    return !frame.telling.empty() && std::ranges::count(split(frame.telling[telling::image_type], '\\'), "LOCALIZER") > 0;
  }

  // Frames of one StackID belong together (PS3.3 C.7.6.16.2.2.4); one of a single frame is no stack.
  bool in_one_stack(const std::string& a, const std::string& b) const {
    return a == b || frames_of_stack_.at(a) < 2 || frames_of_stack_.at(b) < 2;
  }

  std::span<const InstanceHeader> series_;
  std::map<std::string, std::size_t> frames_of_stack_;
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

VolumePlan plan(std::span<const InstanceHeader> series, const ToldVolume& volume, const Straightening& may) {
  if (!volume.mixed.empty())
    throw Error(Reason::geometry_mixed,
                volume.mixed + " differs between slices that lie among each other, and each of its values has no even volume");
  return plan_volume(series, volume.frames, may);
}

}  // namespace

std::vector<VolumePlan> split_volumes(std::span<const InstanceHeader> series, const Straightening& may,
                                      std::span<const std::string> further) {
  Frames placed;
  std::vector<VolumePlan> unplaced;
  for (std::size_t i = 0; i < series.size(); ++i)
    if (auto why = why_unplaced(series[i])) {
      unplaced.emplace_back().slices = {{i, 0}};
      unplaced.back().refusal = std::move(why);
    } else {
      add_frames(series[i], i, placed);
    }
  std::vector<ToldVolume> volumes;
  for (const auto& group : Grouper(series).groups(placed))
    for (auto& volume : told_apart(series, group, further)) volumes.push_back(std::move(volume));
  std::vector<VolumePlan> plans;
  for (const auto& volume : volumes) try {
      plans.push_back(plan(series, volume, may));
    } catch (const Error& error) {
      plans.emplace_back().slices = volume.frames;
      plans.back().refusal = of_volume(plans.size(), volumes.size() + unplaced.size(), error);
    }
  std::ranges::move(unplaced, std::back_inserter(plans));
  return plans;
}

}  // namespace aidp
