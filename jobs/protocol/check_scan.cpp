// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/packed.hpp"
#include "core/dicom/header.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
constexpr std::size_t most_values = 64;   // of one attribute
constexpr std::size_t longest_date = 32;  // a time has 13 characters
constexpr std::int64_t largest_side = std::numeric_limits<std::uint16_t>::max();
constexpr int widest = 1 << 16;  // of what is a 16-bit number in a header
constexpr std::size_t deepest_path = 64, most_parts = 1 << 20;

void require_between(std::int64_t value, std::int64_t least, std::int64_t most) {
  require(value >= least && value <= most, "a size in a header is out of range");
}

void require_finite_or_nan(double value) { require(!std::isinf(value), "RescaleSlope or RescaleIntercept is infinite"); }

template <class Numbers>
void require_finite(const std::optional<Numbers>& numbers) {
  if (numbers) aidp::require_finite(*numbers, "a position, orientation or spacing is not finite");
}

void check_frame(const FrameHeader& frame) {
  require_finite(frame.position_mm);
  require_finite(frame.orientation);
  require_finite(frame.pixel_spacing_mm);
  require_finite(frame.detector.spacing_mm);
  if (frame.detector.magnification) require(std::isfinite(*frame.detector.magnification), "a magnification is not finite");
  require_finite_or_nan(frame.slope);
  require_finite_or_nan(frame.intercept);
  require(frame.telling.empty() || frame.telling.size() == telling_keywords().size(), "a frame has too many attributes, or too few");
  for (const auto& text : frame.telling) require_text(text, longest_text, "an attribute of a frame is too long");
}

void check_header(const InstanceHeader& header) {
  for (const auto* uid : {&header.transfer_syntax_uid, &header.sop_class_uid, &header.frame_of_reference_uid})
    if (!uid->empty()) require_uid(*uid, "a UID in a header is malformed");
  require_between(header.rows, 0, largest_side);
  require_between(header.columns, 0, largest_side);
  require_between(header.number_of_frames, 0, std::numeric_limits<std::int32_t>::max());
  require_between(header.tiles_across, 0, largest_side);
  for (const int value : {header.samples_per_pixel, header.bits_allocated, header.bits_stored, header.pixel_representation,
                          header.palette_bits, header.modality_lut_bits})
    require_between(value, 0, widest);
  require_between(header.high_bit, -1, widest);  // BitsStored - 1 where it says nothing
  require_between(header.planar_configuration, -1, widest);
  require_text(header.acquisition_date, longest_date, "a date is too long");
  require_text(header.acquisition_time, longest_date, "a time is too long");
  require_text(header.photometric_interpretation, longest_text, "PhotometricInterpretation is too long");
  require_text(header.mosaic_fault, longest_message, "the message about a mosaic is too long");
  require(!header.frames.empty() && static_cast<std::int64_t>(header.frames.size()) <= std::max<std::int64_t>(header.number_of_frames, 1),
          "a header has no frames, or more than NumberOfFrames");
  for (const auto& frame : header.frames) check_frame(frame);
}

// Walks packed attributes: a map of keywords that were asked for to texts, numbers or lists of these.
class AttributesCheck : public msgpack::null_visitor {
 public:
  explicit AttributesCheck(const std::vector<std::string>& keywords) : keywords_(keywords) {}

  bool visit_nil() { return false; }
  bool visit_boolean(bool) { return false; }
  bool visit_float32(float value) { return std::isfinite(value) && is_value(); }
  bool visit_float64(double value) { return std::isfinite(value) && is_value(); }
  bool visit_positive_integer(std::uint64_t) { return is_value(); }
  bool visit_negative_integer(std::int64_t) { return is_value(); }
  bool visit_str(const char* text, std::uint32_t size) {
    if (!key_) return size <= longest_text && is_value();
    const std::string_view keyword(text, size);
    return std::ranges::find(keywords_, keyword) != keywords_.end() ||
           std::ranges::find(provenance_keywords(), keyword) != provenance_keywords().end();
  }
  bool visit_bin(const char*, std::uint32_t) { return false; }
  bool visit_ext(const char*, std::uint32_t) { return false; }
  bool start_array(std::uint32_t size) { return !key_ && depth_++ == 1 && size <= most_values; }
  bool end_array() { return --depth_, true; }
  bool start_map(std::uint32_t) { return depth_++ == 0; }
  bool end_map() { return --depth_, true; }
  bool start_map_key() { return key_ = true; }
  bool end_map_key() { return key_ = false, true; }

 private:
  bool is_value() const { return !key_ && depth_ > 0; }
  const std::vector<std::string>& keywords_;
  int depth_ = 0;
  bool key_ = false;
};

void check_attributes(std::string_view attributes, const std::vector<std::string>& keywords) {
  AttributesCheck visitor(keywords);
  std::size_t end = 0;
  require(msgpack::parse(attributes.data(), attributes.size(), end, visitor) && end == attributes.size(),
          "the attributes of a file are malformed");
}

void require_reason_of_file(const ScannedFile& file) {
  const ItemFailure failure{std::string(file.reason), std::string(file.message)};
  item_failure(failure, {Reason::not_dicom, Reason::not_image});
}
}  // namespace

void check_scanned(const ScannedFile& file, const std::vector<std::string>& keywords) {
  require(file.state.size >= 0, "a file's size is negative");
  for (const auto uid : {file.study_uid, file.series_uid, file.sop_uid})
    if (!uid.empty()) require_uid(uid, "a UID of a file is malformed");
  for (const auto identifier : {file.accession_number, file.patient_id})
    require(identifier_in(identifier) == identifier, "an identifier is too long");
  if (!file.reason.empty()) return require_reason_of_file(file);
  require(file.message.empty(), "a file has a message and no reason");
  check_header(unpacked<InstanceHeader>(file.header));
  check_attributes(file.attributes, keywords);
}

void check(const ScanRequest& request, const ScanReply& reply) {
  require(reply.files.size() == request.paths.size(), "the number of files is wrong");
  for (const auto& file : reply.files) check_scanned(file, request.keywords);
}

void check(const DirectoryRequest&, const DirectoryReply& reply) {
  std::size_t parts = 0;
  for (const auto& file : reply.files) {
    require(!file.empty() && file.size() <= deepest_path, "a path is empty or too deep");
    for (const auto& part : file) require_text(part, 255, "a name in a path is too long");
    parts += file.size();
  }
  require(parts <= most_parts, "there are too many files");
}

}  // namespace aidp
