// SPDX-License-Identifier: Apache-2.0
#include "jobs/plan/plan.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/text.hpp"
#include "core/dicom/codec/form.hpp"
#include "core/dicom/codec/syntax.hpp"
#include "core/dicom/geometry/volumes.hpp"
#include "jobs/plan/choose.hpp"
#include "jobs/plan/one_per_study.hpp"
#include "jobs/sources/made_uids.hpp"

namespace aidp {

namespace {
constexpr int attempts_at_most = 3;  // an invalid entry is found one at a time, and then all is made again

// How many frames the file has room for: native ones whole, a compressed one with at least the head of its item (PS3.5 A.4).
std::int64_t frames_within(const InstanceHeader& header) {
  const auto* syntax = find_syntax(header.transfer_syntax_uid);
  if (syntax && syntax->deflated) return frames_at_most;
  const bool native = syntax && syntax->codec == Codec::native;
  const auto bits = native ? std::max<std::uint64_t>(native_frame_bits(header), 1) : 64;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(8 * static_cast<std::uint64_t>(header.state.size) / bits, frames_at_most));
}

// What an image cannot be used with at all, told from its header.
void check_header(const Manifest& manifest, const InstanceHeader& header) {
  if (header.number_of_frames < 1) throw Error(Reason::dicom_attribute, "NumberOfFrames is not a whole number above 0");
  if (header.number_of_frames > frames_at_most)
    throw Error(Reason::pixels_limit,
                "NumberOfFrames is " + std::to_string(header.number_of_frames) + "; the limit is " + std::to_string(frames_at_most));
  if (!header.mosaic_fault.empty()) throw Error(Reason::dicom_attribute, header.mosaic_fault);
  if (const auto lacking = lacking_sizes(header); manifest.unit == Unit::series && !lacking.empty())
    throw Error(Reason::dicom_attribute, lacking + ": missing, 0 or no number in instance " + header.sop_instance_uid);
  if (header.tiles_across == 0 && header.number_of_frames > std::max<std::int64_t>(1, frames_within(header)))
    throw Error(Reason::pixels_size,
                "NumberOfFrames is " + std::to_string(header.number_of_frames) + "; the file is too short for so many");
}

// Two files of different patients, one of whom may be unnamed; nothing where there are none.
std::optional<std::pair<std::string, std::string>> two_patients(const std::vector<InstanceHeader>& instances) {
  const auto& first = instances.front();
  const auto other =
      std::ranges::find_if(instances, [&](const auto& header) { return header.patient_pseudonym != first.patient_pseudonym; });
  if (other == instances.end()) return {};
  return std::pair(first.path, other->path);
}

// What all images of a study agree in, by keyword: where SeriesInstanceUID is made of the folder, nothing else keeps two studies apart.
void check_grouped(const PlannedSeries& series, const std::vector<InstanceHeader>& instances) {
  if (!series.input.made.series) return;
  const auto refuse = [&](const std::string& keyword, const InstanceHeader& other) {
    throw Error(Reason::dicom_attribute, printable("the files of the folder are not of one study, as they differ in " + keyword + ": " +
                                                   instances.front().path + " and " + other.path));
  };
  for (const auto& header : instances) {
    if (header.accession_pseudonym != instances.front().accession_pseudonym) refuse("AccessionNumber", header);
    for (const std::string keyword : {"StudyDate", "StudyTime", "PatientSex", "PatientAge"})
      if (&header != &instances.front() && header.attributes.is_object() && header.attributes.contains(keyword)) refuse(keyword, header);
  }
}

// Two files of one instance; nothing where there are none.
std::optional<std::pair<std::string, std::string>> conflicting_copies(const std::vector<InstanceHeader>& instances) {
  std::map<std::string_view, const InstanceHeader*> seen;
  for (const auto& header : instances)
    if (const auto [first, is_new] = seen.emplace(header.sop_instance_uid, &header); !is_new)
      return std::pair(first->second->path, header.path);
  return {};
}

// A report inside an image series is no slice of it.
void keep_images(std::vector<InstanceHeader>& instances) {
  std::erase_if(instances, [](const auto& header) { return !header.has_pixels; });
}

// What the manifest's rules and preferences see tells images of one place apart too: of each what differs from the first's.
std::vector<VolumePlan> volumes_of(const Manifest& manifest, const std::vector<InstanceHeader>& instances) {
  if (manifest.unit != Unit::series) return {};
  const auto keywords = keywords_of(manifest);
  std::vector<std::string> seen(instances.size());
  for (std::size_t i = 1; i < instances.size(); ++i)
    for (const auto& keyword : keywords)
      if (const auto& own = instances[i].attributes; own.is_object() && own.contains(keyword)) seen[i] += keyword + own[keyword].dump();
  return split_volumes(instances, manifest.straightening, seen);
}

// Several volumes where the manifest takes one: by the name of what they differ in.
[[noreturn]] void refuse_several(const Manifest& manifest, const OpenSeries& open, const std::vector<std::size_t>& parts) {
  std::vector<SliceRef> all;
  for (const auto part : parts) all.insert(all.end(), open.volumes[part].slices.begin(), open.volumes[part].slices.end());
  plan_volume(open.instances, all, manifest.straightening);
  throw Error(Reason::geometry_mixed, "the series is " + std::to_string(parts.size()) + " volumes, which lie among or beside each other");
}

// Throws what refuses the series as a whole, and gives what refuses some of the volumes that are taken.
std::vector<std::string> check_volumes(const Manifest& manifest, const OpenSeries& open, const std::vector<std::size_t>& parts) {
  std::vector<Error> refusals;
  for (const auto part : parts)
    if (const auto& refusal = open.volumes[part].refusal) {
      if (refusal->reason() == Reason::geometry_missing) throw *refusal;
      refusals.push_back(*refusal);
    }
  if (parts.size() > 1 && manifest.several_volumes == SeveralVolumes::reject) refuse_several(manifest, open, parts);
  if (refusals.size() == parts.size()) throw refusals.front();
  std::vector<std::string> words;
  for (const auto& refusal : refusals) words.emplace_back(refusal.what());
  return words;
}

// Throws why nothing of a series can be computed, though it fits.
void check_series(const Manifest& manifest, PlannedSeries& series, const OpenSeries& open, const std::vector<std::size_t>& parts) {
  if (const auto files = two_patients(open.instances))
    throw Error(Reason::dicom_patients, printable("two files have different PatientIDs: " + files->first + " and " + files->second));
  check_grouped(series, open.instances);
  if (const auto copies = conflicting_copies(open.instances))
    throw Error(Reason::dicom_duplicate,
                printable("two files have the same SOPInstanceUID and different content: " + copies->first + " and " + copies->second));
  if (manifest.unit == Unit::series && !manifest.incomplete_allowed && !series.input.lacks.empty())
    throw Error(Reason::series_incomplete, "a file of the series is missing: " + series.input.lacks);
  const InstanceHeader* checked = nullptr;
  for (const auto part : parts)
    for_each_frame(open, {0, part, 0}, [&](const InstanceHeader& header, std::int64_t) {
      if (&header != std::exchange(checked, &header)) check_header(manifest, header);
    });
  auto words = manifest.unit == Unit::series ? check_volumes(manifest, open, parts) : std::vector<std::string>();
  if (!series.left_out.empty()) words.push_back(series.left_out);
  series.message = join(words, "; ");
}

// Decides on a series, and leaves in `open` what its items are of; gives which parts are taken.
std::vector<std::size_t> decide(const Manifest& manifest, PlannedSeries& series, OpenSeries& open) {
  keep_images(open.instances);
  if (open.instances.empty()) {
    series.refuse(Outcome::ineligible, Reason::not_image, "no file of the series holds pixels");
    return {};
  }
  open.volumes = volumes_of(manifest, open.instances);
  auto choice = choose(manifest, open);
  if (choice.parts.empty()) {
    series.refuse(Outcome::ineligible, Reason::selection_rule, choice.left_out);
    return {};
  }
  series.left_out = std::move(choice.left_out);
  series.rank = std::move(choice.rank);
  series.speaks = open.volumes.empty() ? choice.parts.front() : open.volumes[choice.parts.front()].slices.front().instance;
  if (manifest.one_per_study) series.patient = open.instances.front().patient_pseudonym;
  try {
    check_series(manifest, series, open, choice.parts);
  } catch (const Error& error) {
    series.refuse(Outcome::quarantined, error.reason(), error.what());
    return {};
  }
  return choice.parts;
}

// Gives which parts of the series are taken.
std::vector<std::size_t> plan_series(const Manifest& manifest, HeaderIndex& index, PlannedSeries& series, OpenSeries& open) {
  try {
    open.instances = index.instances(series.input);
  } catch (const IndexFault&) {
    throw;
  } catch (const Error& error) {
    if (error.reason() != Reason::dicom_unreadable) throw;
    series.refuse(Outcome::quarantined, error.reason(), error.what());
    return {};
  }
  return decide(manifest, series, open);
}

void add_items(const Manifest& manifest, Plan& plan, const OpenSeries& open, const std::vector<std::size_t>& parts) {
  const auto index = plan.series.size() - 1;
  const auto before = plan.items.size();
  for (const auto part : parts) {
    const auto frames = manifest.unit == Unit::series ? 1 : std::max<std::int64_t>(1, open.instances[part].number_of_frames);
    for (std::int64_t frame = 0; frame < frames; ++frame) plan.items.push_back({index, part, frame});
  }
  plan.series.back().items = plan.items.size() - before;
}

}  // namespace

Plan make_plan(const Manifest& manifest, Inventory inventory, HeaderIndex& index) {
  Plan plan;
  plan.files = inventory.files;
  plan.headers_read = inventory.headers_read;
  plan.scan_seconds = inventory.scan_seconds;
  plan.loose = std::move(inventory.loose);
  plan.unlisted = std::move(inventory.unlisted);
  plan.rows = std::move(inventory.rows);
  for (auto& input : inventory.series) {
    if (SignalGuard::received() != 0) break;  // nobody uses a plan of a part
    OpenSeries open;
    plan.series.push_back({});
    plan.series.back().input = std::move(input);
    plan.series.back().note = note_on(plan.series.back().input.made);
    const auto parts = plan_series(manifest, index, plan.series.back(), open);
    add_items(manifest, plan, open, parts);
  }
  if (manifest.one_per_study) keep_one_per_study(plan);
  for (const auto& series : plan.series)
    if (series.refusal || !series.left_out.empty()) index.doubt(series.input);
  index.commit();
  return plan;
}

Plan make_plan(const Manifest& manifest, const Inputs& inputs, HeaderIndex& index, Crew& dicom,
               const std::function<void(std::int64_t, std::int64_t)>& progress) {
  for (int attempt = 1;; ++attempt) try {
      return make_plan(manifest, take_inventory(inputs, index, dicom, progress), index);
    } catch (const IndexFault&) {
      if (attempt == attempts_at_most) throw;
      index.begin_again();
    }
}

void PlannedSeries::refuse(Outcome how, Reason reason, std::string words) {
  outcome = how;
  refusal = reason;
  message = std::move(words);
  items = 0;
}

namespace {
// Whether a result tells of, or depends on, how large a pixel is: a mask's zooms, a measure of objects.
bool asks_size(const Manifest& manifest) {
  return std::ranges::any_of(manifest.outputs, [](const auto& output) { return output.is_file(); }) ||
         std::ranges::any_of(manifest.postprocess, [](const auto& transform) { return transform.arguments.value("by_measure", false); });
}
}  // namespace

std::shared_ptr<const OpenSeries> SeriesOpener::open(std::size_t series) {
  if (last_index_ == series) return last_;
  const auto& planned = plan_.series[series];
  OpenSeries opened{index_.instances(planned.input), {}, manifest_.voi, planned.input.lacks, planned.note, asks_size(manifest_)};
  keep_images(opened.instances);
  opened.volumes = volumes_of(manifest_, opened.instances);
  last_ = std::make_shared<const OpenSeries>(std::move(opened));
  last_index_ = series;
  return last_;
}

std::optional<SliceRef> named_by(const OpenSeries& series, const PlannedItem& item) {
  if (series.volumes.empty()) return SliceRef{item.part, item.frame};
  return series.volumes.size() > 1 ? std::optional(series.volumes[item.part].slices.front()) : std::nullopt;
}

void for_each_frame(const OpenSeries& series, const PlannedItem& item,
                    const std::function<void(const InstanceHeader&, std::int64_t)>& visit) {
  if (series.volumes.empty()) return visit(series.instances[item.part], item.frame);
  for (const auto& slice : series.volumes[item.part].slices) visit(series.instances[slice.instance], slice.frame);
}

PixelType type_of_item(const OpenSeries& series, const PlannedItem& item) {
  std::optional<PixelType> common;
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t) {
    const auto own = decoded_form(header).type;
    common = type_for(common.value_or(own), own);
  });
  return *common;
}

// At least 1: an item without a size is refused by the decoder, by name.
std::uint64_t bytes_of_item(const OpenSeries& series, const PlannedItem& item) {
  std::uint64_t values = 0;
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t) {
    const auto form = decoded_form(header);
    values += std::max<std::uint64_t>(form.bytes / bytes_of(form.type), 1);
  });
  return values * bytes_of(type_of_item(series, item));
}

std::uint64_t bytes_of_mask(const OpenSeries& series, const PlannedItem& item) {
  if (!series.volumes.empty())
    if (const auto& grid = series.volumes[item.part].grid) return static_cast<std::uint64_t>(grid->slices * grid->rows * grid->columns);
  std::uint64_t pixels = 0;
  for_each_frame(series, item,
                 [&](const InstanceHeader& header, std::int64_t) { pixels += static_cast<std::uint64_t>(header.rows * header.columns); });
  return pixels;
}

std::optional<Error> refusal_of(const OpenSeries& series, const PlannedItem& item) {
  if (!series.volumes.empty() && series.volumes[item.part].refusal) return series.volumes[item.part].refusal;
  std::optional<Error> refusal;
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t) {
    if (!refusal) refusal = too_large(header);
  });
  return refusal;
}

namespace {
// Where the size of a pixel is what the detector has, and not the body.
std::string note_on_size(const OpenSeries& series, const PlannedItem& item) {
  std::string note;
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t frame) {
    if (is_magnified(header.frames[std::min(static_cast<std::size_t>(frame), header.frames.size() - 1)]))
      note =
          "the size of a pixel is the detector's (ImagerPixelSpacing): the image has no PixelSpacing, and nothing says how much it is "
          "magnified";
  });
  return note;
}
}  // namespace

std::string note_on(const OpenSeries& series, const PlannedItem& item) {
  if (series.volumes.empty()) return series.asks_size ? note_on_size(series, item) : std::string();
  std::vector<std::string> notes;
  if (const auto& volume = series.volumes[item.part]; volume.grid)
    notes.push_back(std::to_string(volume.slices.size()) + " slices were resampled to " + std::to_string(volume.grid->slices) + ", " +
                    fixed(volume.spacing_mm[2], 3) + " mm apart");
  if (!series.lacks.empty()) notes.push_back("a file of the series is missing: " + series.lacks);
  return join(notes, "; ");
}

std::string with_note(const std::string& message, const std::string& note) {
  return message + (message.empty() || note.empty() ? "" : "; ") + note;
}

Outcome outcome_of(const LooseFile& file) { return row(file.reason).exit == Exit::ok ? Outcome::ineligible : Outcome::quarantined; }

}  // namespace aidp
