// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/mosaic.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/dicom/geometry/geometry.hpp"
#include "core/dicom/geometry/vector.hpp"
#include "core/dicom/read/csa.hpp"
#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
constexpr std::int64_t tiles_at_most = 1024;  // scanners make some 200
constexpr double normal_tolerance = 0.01;

[[noreturn]] void fault(const std::string& why) { throw Error(Reason::dicom_attribute, why); }

// An enhanced object's ImageType may say so too, though its frames are slices (dcm2niix issue 553).
bool is_mosaic(DcmItem& dataset, const InstanceHeader& header) {
  const auto types = split(text_of(dataset, DCM_ImageType), '\\');
  const bool enhanced = header.number_of_frames > 1 || dataset.tagExists(DCM_PerFrameFunctionalGroupsSequence);
  return !enhanced && text_of(dataset, DCM_Modality) == "MR" && std::ranges::find(types, "MOSAIC") != types.end();
}

// CSA Image Header Info, in whichever block of group 0029 its creator has reserved (PS3.5 7.8.1).
std::span<const std::byte> csa_header(DcmItem& dataset) {
  constexpr Uint16 group = 0x0029, first_block = 0x10, last_block = 0xFF, element_in_block = 0x10;
  for (Uint16 block = first_block; block <= last_block; ++block) {
    if (text_of(dataset, {group, block}) != "SIEMENS CSA HEADER") continue;
    DcmElement* element = nullptr;
    Uint8* octets = nullptr;
    const auto tag = DcmTagKey(group, static_cast<Uint16>(block << 8 | element_in_block));
    if (dataset.findAndGetElement(tag, element).good() && element && element->getUint8Array(octets).good() && octets)
      return std::as_bytes(std::span(octets, element->getLength()));
  }
  fault("the private CSA header (0029,1010), which locates them, is missing; if it was removed by anonymisation, keep it there");
}

// The first N numbers of a field; throws where there are not so many.
template <std::size_t N>
std::array<double, N> csa_numbers(std::span<const std::byte> csa, const std::string& field) {
  const auto values = csa_values(csa, field);
  std::array<double, N> numbers{};
  for (std::size_t i = 0; i < N; ++i) {
    const auto number = i < values.size() ? decimal_in(values[i]) : std::nullopt;
    if (!number) fault(field + " of the private CSA header is missing or invalid");
    numbers[i] = *number;
  }
  return numbers;
}

std::int64_t tile_count(std::span<const std::byte> csa) {
  const double count = csa_numbers<1>(csa, "NumberOfImagesInMosaic")[0];
  if (count != std::floor(count) || count < 1 || count > static_cast<double>(tiles_at_most))
    fault("NumberOfImagesInMosaic of the private CSA header is not a whole number from 1 to " + std::to_string(tiles_at_most));
  return std::llround(count);
}

// From one tile's place to the next one's, mm. Siemens may count slices against row x column; the sign of SliceNormalVector tells.
Vector step_of(DcmItem& dataset, std::span<const std::byte> csa, const FrameHeader& image) {
  const auto& o = *image.orientation;
  const auto normal = cross({o[0], o[1], o[2]}, {o[3], o[4], o[5]});
  const double cosine = dot(normal, csa_numbers<3>(csa, "SliceNormalVector"));
  if (!(std::abs(std::abs(cosine) - 1) < normal_tolerance))
    fault("SliceNormalVector of the private CSA header is not at right angles to ImageOrientationPatient");
  const double spacing_mm = number_of(dataset, DCM_SpacingBetweenSlices).value_or(0);
  if (spacing_mm <= 0) fault("SpacingBetweenSlices is missing or not above 0");
  const double along = (cosine < 0 ? -spacing_mm : spacing_mm) / length(normal);
  return {normal[0] * along, normal[1] * along, normal[2] * along};
}

// The first tile's place: ImagePositionPatient is that of an image of the mosaic's size around the tile's centre.
Vector first_place(const InstanceHeader& tiles, const FrameHeader& image) {
  const auto& o = *image.orientation;
  const auto [between_rows, between_columns] = *image.pixel_spacing_mm;
  const double around = static_cast<double>(tiles.tiles_across - 1) / 2;
  auto place = *image.position_mm;
  for (std::size_t i = 0; i < 3; ++i)
    place[i] +=
        around * (o[i] * between_columns * static_cast<double>(tiles.columns) + o[i + 3] * between_rows * static_cast<double>(tiles.rows));
  return place;
}

InstanceHeader unfolded(DcmItem& dataset, const InstanceHeader& header) {
  const auto csa = csa_header(dataset);
  const auto& image = header.frames.front();
  auto tiles = header;
  tiles.number_of_frames = tile_count(csa);
  while (tiles.tiles_across * tiles.tiles_across < tiles.number_of_frames) ++tiles.tiles_across;
  const auto grid = std::to_string(tiles.tiles_across) + " x " + std::to_string(tiles.tiles_across) + " tiles";
  if (header.rows % tiles.tiles_across != 0 || header.columns % tiles.tiles_across != 0)
    fault("its " + std::to_string(header.rows) + " x " + std::to_string(header.columns) + " pixels are not " + grid);
  if (const auto lacking = unplaced_by(image)) fault(*lacking);
  tiles.rows /= tiles.tiles_across;
  tiles.columns /= tiles.tiles_across;
  const auto first = first_place(tiles, image), step = step_of(dataset, csa, image);
  tiles.frames.clear();
  for (std::int64_t tile = 0; tile < tiles.number_of_frames; ++tile) {
    const auto steps = static_cast<double>(tile);
    tiles.frames.push_back(image);
    tiles.frames.back().position_mm = {first[0] + steps * step[0], first[1] + steps * step[1], first[2] + steps * step[2]};
  }
  return tiles;
}
}  // namespace

void unfold_mosaic(DcmItem& dataset, InstanceHeader& header) {
  if (!is_mosaic(dataset, header)) return;
  try {
    header = unfolded(dataset, header);
  } catch (const Error& error) {
    header.mosaic_fault = std::string("a Siemens mosaic, the slices of a volume as tiles of one image, but ") + error.what();
  }
}

InstanceHeader folded(const InstanceHeader& tiles) {
  auto image = tiles;
  image.rows *= tiles.tiles_across;
  image.columns *= tiles.tiles_across;
  image.number_of_frames = 1;
  image.frames.resize(1);
  image.tiles_across = 0;
  return image;
}

void cut_tile(std::span<const std::byte> image, const InstanceHeader& tiles, std::int64_t frame, std::span<std::byte> out) {
  if (frame < 0 || frame >= tiles.number_of_frames) throw Error(Reason::pixels_size, "there is no tile " + std::to_string(frame + 1));
  const auto rows = static_cast<std::size_t>(tiles.rows), across = static_cast<std::size_t>(tiles.tiles_across);
  const auto tile = static_cast<std::size_t>(frame), row_bytes = out.size() / rows;
  const auto corner = (tile / across * rows * across + tile % across) * row_bytes;
  for (std::size_t row = 0; row < rows; ++row)
    std::ranges::copy(image.subspan(corner + row * across * row_bytes, row_bytes),
                      out.begin() + static_cast<std::ptrdiff_t>(row * row_bytes));
}

}  // namespace aidp
