// SPDX-License-Identifier: Apache-2.0
#include "jobs/run/item_image.hpp"

#include <map>

#include "core/base/text.hpp"
#include "core/dicom/codec/form.hpp"
#include "core/dicom/geometry/geometry.hpp"
#include "jobs/protocol/ask.hpp"

namespace aidp {

namespace {
using std::chrono::milliseconds;
constexpr milliseconds least_timeout{30000}, per_file{200}, per_further_frame{50}, per_mib{200};

// Throws why there is no image, before any memory is taken.
SlabLease room_for(const OpenSeries& series, const PlannedItem& item, Pool& pool) {
  if (const auto refusal = refusal_of(series, item)) throw *refusal;
  const auto bytes = bytes_of_item(series, item);
  auto slab = bytes <= pool.size() ? pool.lease(static_cast<std::size_t>(bytes)) : std::nullopt;
  if (!slab)
    throw Error(Reason::pixels_limit, "the images need " + bytes_text(bytes) + "; the memory for pixels is " + bytes_text(pool.size()));
  return std::move(*slab);
}

// As the file itself has it.
std::string said(const std::string& uid, bool is_made) { return is_made ? std::string() : uid; }

// Where an image lies. A volume lies where all its slices say, a frame where its own header does.
void place(const OpenSeries& series, const PlannedItem& item, ImageHeader& image) {
  const auto& first = series.instances[series.volumes.empty() ? item.part : series.volumes[item.part].slices.front().instance];
  const auto volume = series.volumes.empty() ? plan_frame(first, item.frame) : series.volumes[item.part];
  image.has_geometry = volume.is_placed;
  image.has_spacing = volume.has_spacing;
  image.affine = volume.affine;
  image.spacing_mm = volume.spacing_mm;
  image.grid = volume.grid;
}
}  // namespace

WantedImage wanted_image(const OpenSeries& series, const PlannedItem& item, std::size_t offset) {
  WantedImage wanted;
  wanted.place = {offset, bytes_of_item(series, item)};
  wanted.voi = series.voi;
  wanted.type = type_of_item(series, item);
  std::map<std::string_view, std::uint64_t> numbers;  // of files, by path
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t frame) {
    const auto [known, is_new] = numbers.try_emplace(header.path, wanted.files.size());
    if (is_new) wanted.files.push_back({header.path, header.state, said(header.sop_instance_uid, header.made.instance)});
    if (wanted.slices.empty()) {
      const auto form = decoded_form(header);
      wanted.study_instance_uid = said(header.study_instance_uid, header.made.study);
      wanted.series_instance_uid = said(header.series_instance_uid, header.made.series);
      wanted.samples = form.samples;
      wanted.rows = header.rows;
      wanted.columns = header.columns;
    }
    wanted.slices.push_back({known->second, frame});
  });
  return wanted;
}

ImageHeader image_of(const OpenSeries& series, const PlannedItem& item, const WantedImage& wanted, DecodedImage decoded) {
  ImageHeader image;
  image.type = wanted.type;
  image.slices = static_cast<std::int64_t>(wanted.slices.size());
  image.rows = wanted.rows;
  image.columns = wanted.columns;
  image.samples = wanted.samples;
  image.slope = std::move(decoded.slope);
  image.intercept = std::move(decoded.intercept);
  image.voi = std::move(decoded.voi);
  image.inverted = decoded.inverted;
  image.padding = decoded.padding;
  image.bits_stored = decoded.bits_stored;
  place(series, item, image);
  return image;
}

ImageHeader mask_header(const ImageHeader& image) {
  ImageHeader mask;
  mask.type = PixelType::uint8;
  mask.slices = image.grid ? image.grid->slices : image.slices;
  mask.rows = image.grid ? image.grid->rows : image.rows;
  mask.columns = image.grid ? image.grid->columns : image.columns;
  mask.affine = image.affine;
  mask.spacing_mm = image.spacing_mm;
  mask.has_geometry = image.has_geometry;
  mask.has_spacing = image.has_spacing;
  return mask;
}

milliseconds decode_timeout(const DecodeRequest& request) {
  std::int64_t files = 0, further_frames = 0, mib = 0;
  for (const auto& image : request.images) {
    files += static_cast<std::int64_t>(image.files.size());
    further_frames += static_cast<std::int64_t>(image.slices.size() - image.files.size());
    mib += static_cast<std::int64_t>(image.place.size >> 20);
    for (const auto& file : image.files) mib += file.state.size >> 20;
  }
  return least_timeout + per_file * files + per_further_frame * further_frames + per_mib * mib;
}

ItemImage::ItemImage(const OpenSeries& series, const PlannedItem& item, Workforce& workforce)
    : slab_(room_for(series, item, workforce.images)) {
  const DecodeRequest request{{wanted_image(series, item, slab_->offset)}};
  auto reply = ask(workforce.dicom, request, decode_timeout(request));
  auto& said = reply.images.front().said;
  if (const auto* failed = std::get_if<ItemFailure>(&said)) {
    const auto failure = item_failure(*failed);
    throw Error(failure.reason, failure.message);
  }
  item_ = {slab_->offset, image_of(series, item, request.images.front(), std::move(std::get<DecodedImage>(said)))};
}

}  // namespace aidp
