// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/geometry/told_apart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <unordered_map>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/dicom/geometry/vector.hpp"

namespace aidp {

namespace {
using Frames = std::vector<SliceRef>;
using Place = std::array<std::int64_t, 3>;
constexpr double same_place_mm = 1e-3;
constexpr double same_step = 0.01;         // of the closest
constexpr std::size_t coarse_least = 4;    // slices of a volume with wider steps than another: of fewer some may just be lost
constexpr std::size_t among_at_most = 64;  // parts that are looked at for lying among each other
constexpr double full_lattice = 2.0 / 3;
constexpr int deepest = 2;  // acquisitions of acquisitions

// Numbers by value and before texts.
std::pair<double, std::string> by_value(const std::string& text) {
  const auto number = number_in<double>(text);
  return {number && std::isfinite(*number) ? *number : INFINITY, text};
}

using Parts = std::vector<std::pair<std::string, Frames>>;  // by value

bool is_time(std::size_t attribute) { return attribute >= telling::trigger_time && attribute != telling::acquisition_number; }

// Reconstructions may cover the same places in part, if they are not equally close; of such slices may be lost.
bool is_of_reconstructions(std::size_t attribute) {
  return attribute == telling::convolution_kernel || attribute == telling::kvp || attribute == telling::slice_thickness;
}
// So may acquisitions.
bool is_of_acquisitions(std::size_t attribute) { return is_time(attribute) || attribute == telling::acquisition_number; }

class Teller {
 public:
  Teller(std::span<const InstanceHeader> series, std::span<const std::string> further, const SliceRef& any)
      : series_(series), further_(further) {
    const auto& o = *at(any).orientation;
    normal_ = cross({o[0], o[1], o[2]}, {o[3], o[4], o[5]});
  }

  std::vector<ToldVolume> volumes(const Frames& frames) const { return volumes(frames, 0, 0); }

 private:
  const FrameHeader& at(const SliceRef& ref) const { return series_[ref.instance].frames[static_cast<std::size_t>(ref.frame)]; }
  double depth_mm(const SliceRef& ref) const { return dot(*at(ref).position_mm, normal_); }

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

  // What is the same for all images of a volume may have been computed for each: 4.6 and 4.5999999 are one echo.
  std::string value_of(const SliceRef& ref, std::size_t attribute) const {
    const auto& telling = at(ref).telling;
    if (telling.empty()) return {};
    const auto number = attribute < telling::stack_id ? number_in<double>(telling[attribute]) : std::nullopt;
    if (!number) return telling[attribute];
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.5g", *number);
    return text.data();
  }

  // In the order of their values.
  template <class Value>
  Parts parts_by(const Frames& frames, Value value_of_frame) const {
    Parts parts;
    std::unordered_map<std::string, std::size_t> known;
    for (const auto& ref : frames) {
      std::string value = value_of_frame(ref);
      const auto [part, is_new] = known.try_emplace(value, parts.size());
      if (is_new) parts.emplace_back(std::move(value), Frames());
      parts[part->second].second.push_back(ref);
    }
    std::ranges::sort(parts, {}, [](const auto& part) { return by_value(part.first); });
    return parts;
  }

  Parts parts_of(const Frames& frames, std::size_t attribute) const {
    return parts_by(frames, [&](const SliceRef& ref) { return value_of(ref, attribute); });
  }

  bool is_of_one_kind(const Frames& frames) const {
    for (std::size_t attribute = 0; attribute < telling::trigger_time; ++attribute)
      for (const auto& ref : frames)
        if (value_of(ref, attribute) != value_of(frames.front(), attribute)) return false;
    return true;
  }

  // Whether slices of two values are of two volumes, even where they are as even together as one. Times are not, but in CT, where no slice
  // waits for another.
  bool tells_slices(std::size_t attribute, const SliceRef& of) const {
    const auto& sop_class = series_[of.instance].sop_class_uid;
    const bool ct = sop_class == "1.2.840.10008.5.1.4.1.1.2" || sop_class == "1.2.840.10008.5.1.4.1.1.2.1";
    return !is_time(attribute) || (ct && attribute == telling::acquisition_time);
  }

  // The step of slices that are an even volume, tilted or not.
  std::optional<double> even_step_mm(const Frames& frames) const try {
    const auto volume = plan_volume(series_, frames, {.gantry_tilt = true, .largest_gap_mm = 0});
    return volume.spacing_mm[2];
  } catch (const Error&) {
    return std::nullopt;
  }

  std::vector<double> depths_of(const Frames& frames) const {
    std::vector<double> depths;
    for (const auto& ref : frames) depths.push_back(depth_mm(ref));
    std::ranges::sort(depths);
    return depths;
  }

  // At least two slices of one part within the reach of another, and two of that within its own.
  bool lie_among(const Parts& parts) const {
    std::vector<std::vector<double>> all;
    for (const auto& [value, part] : parts)
      if (part.size() > 1) all.push_back(depths_of(part));
    if (all.size() > among_at_most) return false;
    const auto within = [](const std::vector<double>& own, const std::vector<double>& other) {
      const auto first = std::ranges::lower_bound(own, other.front() - same_place_mm),
                 end = std::ranges::upper_bound(own, other.back() + same_place_mm);
      return end - first;
    };
    for (std::size_t a = 0; a < all.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (within(all[a], all[b]) > 1 && within(all[b], all[a]) > 1) return true;
    return false;
  }

  bool overlap(const Parts& parts) const {
    std::vector<std::pair<double, double>> reaches;
    for (const auto& [value, part] : parts) {
      const auto depths = depths_of(part);
      reaches.emplace_back(depths.front(), depths.back());
    }
    std::ranges::sort(reaches);
    for (std::size_t i = 1; i < reaches.size(); ++i) {
      if (reaches[i].first <= reaches[i - 1].second + same_place_mm) return true;
      reaches[i].second = std::max(reaches[i].second, reaches[i - 1].second);
    }
    return false;
  }

  // As MR excites the odd slices and then the even ones. Some slices may be missing.
  bool look_like_one(const Frames& frames) const {
    auto depths = depths_of(frames);
    std::vector<double> gaps;
    for (std::size_t i = 1; i < depths.size(); ++i)
      if (depths[i] - depths[i - 1] > same_place_mm) gaps.push_back(depths[i] - depths[i - 1]);
    if (gaps.empty()) return true;
    const double least = std::ranges::min(gaps);
    const auto off = [&](double gap) { return std::abs(gap / least - std::round(gap / least)) > 0.05; };
    const auto sites = (depths.back() - depths.front()) / least + 1;
    return std::ranges::none_of(gaps, off) && static_cast<double>(gaps.size() + 1) >= full_lattice * sites;
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

  // Volumes with places of their own; nothing where the parts are none.
  std::optional<std::vector<ToldVolume>> own_volumes(const Frames& frames, const Parts& parts, std::size_t attribute, int depth) const {
    const bool may_be_one = !tells_slices(attribute, frames.front()) && look_like_one(frames);
    if (depth == deepest || may_be_one || !overlap(parts)) return {};
    std::size_t places = 0;
    for (const auto& [value, part] : parts) {
      if (part.size() < 2) return {};
      places += places_of(part);
    }
    const bool shared = places != places_of(frames);
    if (shared && !is_of_acquisitions(attribute) && !is_of_reconstructions(attribute)) return {};
    std::vector<ToldVolume> found;
    std::vector<double> steps_mm;
    for (const auto& [value, part] : parts)
      for (auto& volume : volumes(part, attribute + 1, depth + 1)) {
        const auto step_mm = even_step_mm(volume.frames);
        if (!step_mm || !volume.mixed.empty()) return {};
        steps_mm.push_back(*step_mm);
        found.push_back(std::move(volume));
      }
    const auto [closest_mm, widest_mm] = std::ranges::minmax(steps_mm);
    if (shared && is_of_reconstructions(attribute) && widest_mm <= closest_mm * (1 + same_step)) return {};
    for (std::size_t i = 0; i < found.size(); ++i)
      if (steps_mm[i] > closest_mm * (1 + same_step) && found[i].frames.size() < coarse_least) return {};
    return found;
  }

  std::vector<ToldVolume> volumes_of_each(const Parts& parts, std::size_t attribute, int depth) const {
    std::vector<ToldVolume> found;
    for (const auto& [value, part] : parts)
      for (auto& volume : volumes(part, attribute, depth)) found.push_back(std::move(volume));
    return found;
  }

  // Where nothing tells frames of one place apart they stay together, and are refused as duplicates.
  std::vector<ToldVolume> volumes(const Frames& frames, std::size_t first_attribute, int depth) const {
    const auto places = places_of(frames);
    const bool single = places == frames.size(), even = single && even_step_mm(frames);
    const auto whole = [&](const auto& part) { return places_of(part.second) == places; };
    std::string mixed;
    for (auto attribute = first_attribute; attribute < telling_keywords().size(); ++attribute) {
      const bool tells = tells_slices(attribute, frames.front());
      if (even && !tells) continue;
      const auto parts = parts_of(frames, attribute);
      if (parts.size() < 2) continue;
      if (!single && std::ranges::all_of(parts, whole)) return volumes_of_each(parts, attribute + 1, depth);
      const bool among = tells && lie_among(parts);
      if (even && !among) continue;
      if (auto own = own_volumes(frames, parts, attribute, depth)) return *own;
      if (among && mixed.empty()) mixed = telling_keywords()[attribute];
    }
    if (single) return {{frames, mixed}};
    if (!further_.empty())
      if (const auto parts = parts_by(frames, [&](const SliceRef& ref) { return further_[ref.instance]; });
          parts.size() > 1 && std::ranges::all_of(parts, whole))
        return volumes_of_each(parts, telling_keywords().size(), depth);
    std::vector<ToldVolume> found;
    for (auto& volume : numbered_apart(frames, places)) found.push_back({std::move(volume), {}});
    return found;
  }

  std::span<const InstanceHeader> series_;
  std::span<const std::string> further_;
  Vector normal_{};
};
}  // namespace

std::vector<ToldVolume> told_apart(std::span<const InstanceHeader> series, const std::vector<SliceRef>& frames,
                                   std::span<const std::string> further) {
  return Teller(series, further, frames.front()).volumes(frames);
}

}  // namespace aidp
