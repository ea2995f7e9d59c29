// SPDX-License-Identifier: Apache-2.0
// The DICOM worker: scans, decodes and writes files. The only process that parses a patient's bytes.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <utility>

#include "core/artefacts/hdf5.hpp"
#include "core/artefacts/nifti.hpp"
#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/packed.hpp"
#include "core/base/text.hpp"
#include "core/dicom/codec/pixels.hpp"
#include "core/dicom/codec/stored.hpp"
#include "core/dicom/geometry/geometry.hpp"
#include "core/dicom/read/directory.hpp"
#include "core/dicom/read/file.hpp"
#include "core/dicom/read/file_reader.hpp"
#include "core/dicom/read/read_header.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/json_bridge.hpp"
#include "jobs/protocol/packed_attributes.hpp"
#include "jobs/protocol/scanned_file.hpp"
#include "jobs/workers/serve.hpp"

namespace aidp {

namespace {
using nlohmann::json;
// Where cores are few the model goes first, and decoding takes what it leaves: shared evenly, the model would wait for a core while images
// wait for it.
constexpr int after_the_model = 10;
constexpr rlim_t memory_bytes = rlim_t{6} << 30;  // address space beside the pools: one bad file cannot take the machine

void limit_memory([[maybe_unused]] std::size_t pools_bytes) {
#ifndef __SANITIZE_ADDRESS__  // its shadow alone is terabytes of address space
  const rlimit limit{memory_bytes + pools_bytes, memory_bytes + pools_bytes};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
}

Slab slab_in(const json& request) { return {request.at("slab").at(0), request.at("slab").at(1)}; }

// A file as the index of the supervisor keeps it, who looks into its header only when the series' turn comes.
std::string scan_file(const std::string& path, const std::vector<std::string>& keywords) {
  ScannedFile file;
  try {
    const auto reader = std::make_shared<FileReader>(path);
    file.state = reader->state();
    const auto header = read_header(path, reader, keywords);
    const auto described = packed(header);
    const auto attributes = packed_attributes(header.attributes);
    file.has_pixels = header.has_pixels;
    file.study_uid = header.study_instance_uid;
    file.series_uid = header.series_instance_uid;
    file.sop_uid = header.sop_instance_uid;
    file.accession_number = header.accession_number;
    file.patient_id = header.patient_id;
    file.header = described;
    file.attributes = attributes;
    return packed(file);
  } catch (const std::exception& error) {
    file = {.state = file.state};
    const auto* broken = dynamic_cast<const BrokenFile*>(&error);
    if (broken) {
      file.study_uid = broken->study_uid;
      file.series_uid = broken->series_uid;
    }
    const auto failure = json_failure_of(error);
    file.reason = failure["reason"].get_ref<const std::string&>();
    file.message = failure["message"].get_ref<const std::string&>();
    return packed(file);
  }
}

json scan(const json& request) {
  const auto keywords = request.at("keywords").get<std::vector<std::string>>();
  const auto& paths = request.at("paths");
  msgpack::sbuffer files;
  msgpack::packer(files).pack_array(static_cast<std::uint32_t>(paths.size()));
  for (const auto& path : paths) {
    const auto file = scan_file(path, keywords);
    files.write(file.data(), file.size());
  }
  return {{"payload", json::binary({files.data(), files.data() + files.size()})}};
}

json directory(const json& request) { return {{"files", referenced_files(request.at("path").get<std::string>())}}; }

// A volume lies where the supervisor found, from all its slices; a single frame where its own header says.
void place(const InstanceHeader& header, const json& request, ImageHeader& image) {
  const auto frame = request.at("slices").at(0).at("frame").get<std::int64_t>();
  image.has_geometry = !header.frames.empty() && header.frames.front().position_mm.has_value();
  if (const auto volume = request.find("volume"); volume != request.end()) {
    image.affine = volume->at("affine").get<Affine>();
    image.spacing_mm = volume->at("spacing_mm").get<std::array<double, 3>>();
    if (volume->contains("grid")) image.grid = volume->at("grid").get<SliceGrid>();
    return;
  }
  const auto plan = plan_frame(header, frame);
  image.affine = plan.affine;
  image.spacing_mm = plan.spacing_mm;
}

// Fills in what is the same for all slices from the first, and refuses a slice that differs.
void describe(const PixelFile& file, const json& request, ImageHeader& image, bool first) {
  if (first) {
    file.describe(image);
    image.slices = static_cast<std::int64_t>(request.at("slices").size());
    return place(file.header(), request, image);
  }
  ImageHeader other;
  file.describe(other);
  const bool same = image.type == other.type && image.rows == other.rows && image.columns == other.columns &&
                    image.samples == other.samples && image.inverted == other.inverted &&
                    (!image.inverted || image.bits_stored == other.bits_stored);
  if (!same) throw Error(Reason::geometry_mixed, "the slices of the series differ in size or kind of pixels");
  if (image.padding != other.padding)
    throw Error(Reason::geometry_mixed, "PixelPaddingValue or its range differs between the slices of the series");
}

// The files of a request's images, each once where it follows on itself.
std::vector<std::string> paths_of(const json& images) {
  std::vector<std::string> paths;
  for (const auto& image : images)
    for (const auto& slice : image.at("slices"))
      if (const auto& path = slice.at("path").get_ref<const std::string&>(); paths.empty() || paths.back() != path) paths.push_back(path);
  return paths;
}

json decode_image(const json& request, std::span<std::byte> slab, Contents& contents) {
  const auto bytes = request.at("bytes").get<std::size_t>();
  const auto out = slab.subspan(request.at("offset").get<std::size_t>()).first(bytes);
  ImageHeader image;
  image.slope.clear();
  image.intercept.clear();
  auto files = json::array();
  std::optional<PixelFile> file;
  std::size_t done = 0;
  for (const auto& slice : request.at("slices")) {
    const auto& path = slice.at("path").get_ref<const std::string&>();
    if (!file || file->header().path != path) {
      file.reset();
      file.emplace(path, contents.take(path));
      files.push_back({{"path", path}, {"sha256", file->sha256()}});
      if (file->header().sop_instance_uid != slice.at("sop_instance_uid"))
        throw Error(Reason::dicom_changed, "the file changed between scan and decoding");
    }
    describe(*file, request, image, done == 0);
    const auto frame_bytes = static_cast<std::size_t>(decoded_form(file->header()).bytes);
    if (done + frame_bytes > bytes) throw Error(Reason::dicom_changed, "the image is larger than its header said");
    const auto frame = slice.at("frame").get<std::int64_t>();
    file->decode(frame, out.subspan(done, frame_bytes));
    done += frame_bytes;
    const auto [slope, intercept] = file->rescale(frame);
    image.slope.push_back(slope);
    image.intercept.push_back(intercept);
    if (request.at("voi").get<bool>()) image.voi.push_back(file->voi(frame));
  }
  if (std::ranges::adjacent_find(image.voi, std::ranges::not_equal_to{}) == image.voi.end())
    image.voi.resize(std::min<std::size_t>(image.voi.size(), 1));
  return {{"image", image}, {"files", std::move(files)}};
}

json decode(const json& request, const PoolView& pool) {
  const auto slab = pool.at(slab_in(request));
  Contents contents(paths_of(request.at("images")));
  auto images = json::array();
  for (const auto& image : request.at("images")) try {
      images.push_back(decode_image(image, slab, contents));
    } catch (const std::exception& error) {
      images.push_back(json_failure_of(error));
    }
  return {{"images", std::move(images)}};
}

// Of stored values, as numbers that JSON has; null for NaN.
json range_json(const std::array<double, 2>& range, PixelType type) {
  const bool exact = type != PixelType::float32 && type != PixelType::float64;
  const auto number = [&](double value) {
    if (!std::isfinite(value)) return json();
    return exact ? json(static_cast<std::int64_t>(value)) : json(value);
  };
  return {{"min", number(range[0])}, {"max", number(range[1])}};
}

// What the stored values of each frame are, and of all. A frame that cannot be decoded leaves the others their entries.
json pixels(const json& request) {
  const PixelFile file(request.at("path").get<std::string>());
  const auto& header = file.stored();
  const auto form = stored_form(header);
  Sha256 hash_of_all;
  std::vector<std::byte> values(static_cast<std::size_t>(form.bytes));
  std::array<double, 2> range{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  auto frames = json::array();
  json failure;
  for (std::int64_t frame = 0; frame < header.number_of_frames; ++frame) try {
      file.decode_stored(frame, values);
      hash_of_all.update(values);
      const auto own = range_of(values, form.type);
      range = std::array{std::fmin(range[0], own[0]), std::fmax(range[1], own[1])};
      frames.push_back(range_json(own, form.type));
      frames.back()["pixel_sha256"] = hex(sha256(values));
    } catch (const std::exception& error) {
      frames.push_back(json_failure_of(error));
      if (failure.is_null()) failure = frames.back();
    }
  auto shape = json::array({header.number_of_frames, header.rows, header.columns});
  if (form.samples > 1) shape.push_back(form.samples);
  json reply{{"sop_instance_uid", header.sop_instance_uid},
             {"transfer_syntax_uid", header.transfer_syntax_uid},
             {"transfer_syntax", find_syntax(header.transfer_syntax_uid)->name},
             {"photometric_interpretation", printable(header.photometric_interpretation)},
             {"shape", std::move(shape)},
             {"dtype", name(form.type)},
             {"pixel_sha256", failure.is_null() ? json(hex(hash_of_all.finish())) : json()},
             {"frames", std::move(frames)}};
  reply.update(range_json(range, form.type));
  if (failure.is_object()) reply.update(failure);
  return reply;
}

json write_mask(const json& request, const PoolView& masks) {
  const auto path = request.at("path").get<std::string>();
  write_nifti(path, request.at("image").get<ImageHeader>(), masks.at(slab_in(request)));
  return {{"sha256", hex(sha256_file(path))}};
}

json write_tensor(const json& request, const PoolView& tensors) {
  const auto& affine = request.at("affine");
  add_tensor(request.at("path").get<std::string>(), request.at("file_attributes"),
             {.name = request.at("name"),
              .shape = request.at("shape"),
              .values = tensors.at(slab_in(request)),
              .affine = affine.is_null() ? std::nullopt : std::optional(affine.get<Affine>()),
              .attributes = request.at("attributes")});
  return json::object();
}
}  // namespace

}  // namespace aidp

int main() try {
  using namespace aidp;
  const PoolView images(input_pool_fd, PoolView::Access::write);
  const PoolView masks(output_pool_fd, PoolView::Access::read);
  limit_memory(images.size() + masks.size());
  ::nice(after_the_model);
  start_dicom();
  const auto bound = [](auto operation, const PoolView& pool) {
    return json_handler([operation, &pool](const json& request) { return operation(request, pool); });
  };
  serve({{"hello", json_handler([](const json&) { return json{{"worker", "dicom"}, {"pid", ::getpid()}}; })},
         {"scan", json_handler(scan)},
         {"directory", json_handler(directory)},
         {"decode", bound(decode, images)},
         {"pixels", json_handler(pixels)},
         {"write_mask", bound(write_mask, masks)},
         {"write_hdf5", json_handler([](const json& request) {
            write_hdf5(request.at("source").get<std::string>(), request.at("path").get<std::string>());
            return json::object();
          })},
         {"write_tensor", bound(write_tensor, masks)},
         {"environment", json_handler([](const json&) {
            return json{{"dcmtk", dcmtk_version()}, {"codecs", codec_names()}, {"hdf5", hdf5_version()}};
          })}});
  return 0;
} catch (const aidp::Error& error) {  // the supervisor passes on what is said last
  std::cerr << error.what() << "; " << error.remedy() << '\n';
  return 1;
}
