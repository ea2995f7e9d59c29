// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/decode.hpp"

#include <algorithm>
#include <chrono>

#include "core/dicom/codec/pixels.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
using Clock = std::chrono::steady_clock;

FileToRead to_read(const ScannedSource& source) { return {source.path, source.state}; }

// All files of a request, each once where it follows on itself.
std::vector<FileToRead> files_of(const DecodeRequest& request) {
  std::vector<FileToRead> files;
  for (const auto& image : request.images)
    for (const auto& source : image.files)
      if (files.empty() || files.back().path != source.path) files.push_back(to_read(source));
  return files;
}

class Decoder {
 public:
  Decoder(const DecodeRequest& request, const PoolView& pool) : pool_(pool), contents_(files_of(request)) {}

  DecodedImage decode(const WantedImage& wanted) {
    const auto began = Clock::now();
    const auto out = pool_.at({static_cast<std::size_t>(wanted.place.offset), static_cast<std::size_t>(wanted.place.size)});
    DecodedImage image;
    image.sha256.resize(wanted.files.size());
    std::size_t done = 0;
    for (const auto& slice : wanted.slices) {
      auto& file = open(wanted, slice.file, image);
      describe(file, wanted, image, done == 0);
      const auto form = decoded_form(file.header());
      const auto bytes = static_cast<std::size_t>(form.bytes) / bytes_of(form.type) * bytes_of(wanted.type);
      if (bytes > out.size() - done) throw Error(Reason::dicom_changed, "the image is larger than its header said");
      put(file, slice.frame, form, wanted, out.subspan(done, bytes));
      done += bytes;
      const auto [slope, intercept] = file.rescale(slice.frame);
      image.slope.push_back(slope);
      image.intercept.push_back(intercept);
      if (wanted.voi) image.voi.push_back(file.voi(slice.frame));
    }
    if (std::ranges::adjacent_find(image.voi, std::ranges::not_equal_to{}) == image.voi.end())
      image.voi.resize(std::min<std::size_t>(image.voi.size(), 1));
    image.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
    return image;
  }

 private:
  // The last file stays open for its next frame.
  PixelFile& open(const WantedImage& wanted, std::size_t number, DecodedImage& image) {
    const auto& source = wanted.files.at(number);
    if (!file_ || file_->header().path != source.path) {
      file_.reset();
      file_.emplace(source.path, contents_.take(to_read(source)));
    }
    const auto& header = file_->header();
    if (header.study_instance_uid != wanted.study_instance_uid || header.series_instance_uid != wanted.series_instance_uid ||
        header.sop_instance_uid != source.sop_instance_uid)
      throw Error(Reason::dicom_changed, "the file no longer holds the image that it held when it was scanned");
    auto& sha256 = image.sha256.at(number);
    if (!sha256.empty() && sha256 != file_->sha256()) throw Error(Reason::dicom_changed, "the file changed while its frames were decoded");
    sha256 = file_->sha256();
    return *file_;
  }

  // As the item's type, which a slice of another sign or depth does not have itself.
  static void put(PixelFile& file, std::int64_t frame, const FrameForm& form, const WantedImage& wanted, std::span<std::byte> out) {
    std::vector<std::byte> own(form.type == wanted.type ? 0 : static_cast<std::size_t>(form.bytes));
    const auto values = own.empty() ? out : std::span(own);
    file.decode(frame, values);
    if (!wanted.voi) file.check_white(values);  // a window has a white of its own
    if (!own.empty()) widen(own, form.type, wanted.type, out);
  }

  // Notes what is the same for all slices from the first, and refuses a slice that differs.
  void describe(const PixelFile& file, const WantedImage& wanted, DecodedImage& image, bool first) {
    ImageHeader seen;
    file.describe(seen);
    const bool as_wanted = type_for(seen.type, wanted.type) == wanted.type && seen.rows == wanted.rows && seen.columns == wanted.columns &&
                           seen.samples == wanted.samples;
    if (first) {
      first_type_ = seen.type;
      if (!as_wanted) throw Error(Reason::dicom_changed, "the image is not what its header said when it was scanned");
      image.inverted = seen.inverted;
      image.padding = seen.padding;
      image.bits_stored = seen.bits_stored;
      return;
    }
    const bool one_scale = image.bits_stored == seen.bits_stored && first_type_ == seen.type;  // for MONOCHROME1 to be turned around in
    if (!as_wanted || image.inverted != seen.inverted || (image.inverted && !one_scale))
      throw Error(Reason::geometry_mixed, "the slices of the series differ in size or kind of pixels");
    if (image.padding != seen.padding)
      throw Error(Reason::geometry_mixed, "PixelPaddingValue or its range differs between the slices of the series");
  }

  const PoolView& pool_;
  Contents contents_;
  std::optional<PixelFile> file_;
  PixelType first_type_ = PixelType::int16;  // of the image's first slice
};
}  // namespace

DecodeReply decode(const DecodeRequest& request, const PoolView& pool) {
  Decoder decoder(request, pool);
  DecodeReply reply;
  for (const auto& wanted : request.images) try {
      auto image = decoder.decode(wanted);
      check_decoded(wanted, image);
      reply.images.push_back({std::move(image)});
    } catch (const BadReply& error) {  // the file says what no reply may
      reply.images.push_back({item_failure(Error(Reason::dicom_attribute, error.what()))});
    } catch (const std::exception& error) {
      reply.images.push_back({item_failure(error)});
    }
  return reply;
}

}  // namespace aidp
