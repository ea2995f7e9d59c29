// SPDX-License-Identifier: Apache-2.0
#include "core/base/image.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"

namespace aidp {

namespace {
struct TypeRow {
  PixelType type;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array types{TypeRow{PixelType::uint8, "uint8", 1},     TypeRow{PixelType::int8, "int8", 1},
                           TypeRow{PixelType::uint16, "uint16", 2},   TypeRow{PixelType::int16, "int16", 2},
                           TypeRow{PixelType::uint32, "uint32", 4},   TypeRow{PixelType::int32, "int32", 4},
                           TypeRow{PixelType::float32, "float32", 4}, TypeRow{PixelType::float64, "float64", 8}};
}  // namespace

std::string_view name(PixelType type) { return types[static_cast<std::size_t>(type)].name; }

std::size_t bytes_of(PixelType type) { return types[static_cast<std::size_t>(type)].bytes; }

PixelType pixel_type_named(std::string_view name) {
  for (const auto& row : types)
    if (row.name == name) return row.type;
  throw Error(Reason::internal, "no pixel type '" + std::string(name) + "'");
}

std::size_t ImageHeader::bytes() const { return static_cast<std::size_t>(slices * rows * columns * samples) * bytes_of(type); }

void to_json(nlohmann::json& json, const SliceGrid& grid) {
  json = {{"size", {grid.slices, grid.rows, grid.columns}}, {"first_voxels", grid.first_voxels}};
}

void from_json(const nlohmann::json& json, SliceGrid& grid) {
  const auto& size = json.at("size");
  size.at(0).get_to(grid.slices);
  size.at(1).get_to(grid.rows);
  size.at(2).get_to(grid.columns);
  json.at("first_voxels").get_to(grid.first_voxels);
}

void to_json(nlohmann::json& json, const Voi& voi) {
  json = {{"function", voi.function}, {"center", voi.center}, {"width", voi.width}, {"table", voi.table}, {"first", voi.first}};
}

void from_json(const nlohmann::json& json, Voi& voi) {
  json.at("function").get_to(voi.function);
  json.at("center").get_to(voi.center);
  json.at("width").get_to(voi.width);
  json.at("table").get_to(voi.table);
  json.at("first").get_to(voi.first);
}

void to_json(nlohmann::json& json, const ImageHeader& image) {
  json = {{"type", name(image.type)},     {"slices", image.slices},         {"rows", image.rows},
          {"columns", image.columns},     {"samples", image.samples},       {"slope", image.slope},
          {"intercept", image.intercept}, {"inverted", image.inverted},     {"bits_stored", image.bits_stored},
          {"affine", image.affine},       {"spacing_mm", image.spacing_mm}, {"has_geometry", image.has_geometry}};
  if (image.padding) json["padding"] = *image.padding;
  if (image.grid) json["grid"] = *image.grid;
  if (!image.voi.empty()) json["voi"] = image.voi;
}

void from_json(const nlohmann::json& json, ImageHeader& image) {
  image.type = pixel_type_named(json.at("type").get<std::string>());
  json.at("slices").get_to(image.slices);
  json.at("rows").get_to(image.rows);
  json.at("columns").get_to(image.columns);
  json.at("samples").get_to(image.samples);
  json.at("slope").get_to(image.slope);
  json.at("intercept").get_to(image.intercept);
  json.at("inverted").get_to(image.inverted);
  json.at("bits_stored").get_to(image.bits_stored);
  json.at("affine").get_to(image.affine);
  json.at("spacing_mm").get_to(image.spacing_mm);
  json.at("has_geometry").get_to(image.has_geometry);
  image.padding.reset();
  if (json.contains("padding")) image.padding = json["padding"].get<std::array<double, 2>>();
  image.voi = json.value("voi", std::vector<Voi>{});
  image.grid.reset();
  if (json.contains("grid")) image.grid = json["grid"].get<SliceGrid>();
}

}  // namespace aidp
