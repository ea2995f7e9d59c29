// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/base/ids.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
constexpr std::size_t largest_table = 65536;  // entries of a VOI LUT
constexpr int most_bits = 64;
constexpr std::array<std::string_view, 3> voi_functions{"LINEAR", "LINEAR_EXACT", "SIGMOID"};

void check_voi(const Voi& voi) {
  require(std::ranges::find(voi_functions, voi.function) != voi_functions.end(), "a VOILUTFunction is unknown");
  require_finite(std::array{voi.center, voi.width, voi.first}, "a window is not finite");
  require(voi.table.size() <= largest_table, "a VOI LUT is too long");
  require(std::ranges::all_of(voi.table, [](float value) { return value >= 0 && value <= 1; }), "a VOI LUT has values outside 0 to 1");
}

// One value for each slice, or one for all.
void require_count(std::size_t count, std::size_t slices, const char* what) { require(count == 1 || count == slices, what); }

}  // namespace

void check_decoded(const WantedImage& wanted, const DecodedImage& image) {
  const auto slices = wanted.slices.size();
  require_count(image.slope.size(), slices, "the number of slopes is wrong");
  require_count(image.intercept.size(), slices, "the number of intercepts is wrong");
  require_finite(image.slope, "a slope is not finite");
  require_finite(image.intercept, "an intercept is not finite");
  if (wanted.voi)
    require_count(image.voi.size(), slices, "the number of windows is wrong");
  else
    require(image.voi.empty(), "it has windows that were not requested");
  for (const auto& voi : image.voi) check_voi(voi);
  if (image.padding) require_finite(*image.padding, "the padding is not finite");
  require(image.bits_stored >= 0 && image.bits_stored <= most_bits, "BitsStored is out of range");
  require(image.sha256.size() == wanted.files.size(), "the number of files is wrong");
  for (const auto& hash : image.sha256) require_sha256(hash, "a file's SHA-256 is malformed");
  require_milliseconds(image.milliseconds);
}

namespace {
void check_range(const FrameFacts& facts) {
  const bool is_range = std::isfinite(facts.lowest) && std::isfinite(facts.highest);
  require(is_range || (std::isnan(facts.lowest) && std::isnan(facts.highest)), "a range of values is neither numbers nor absent");
}
}  // namespace

void check(const DecodeRequest& request, const DecodeReply& reply) {
  require(reply.images.size() == request.images.size(), "the number of images is wrong");
  for (std::size_t i = 0; i < reply.images.size(); ++i) {
    if (const auto* failure = reply.images[i].failure())
      item_failure(*failure);
    else
      check_decoded(request.images[i], *reply.images[i].answer());
  }
}

void check(const PixelsRequest&, const PixelsReply& reply) {
  for (const auto* uid : {&reply.sop_instance_uid, &reply.transfer_syntax_uid}) require(uid->empty() || is_uid(*uid), "a UID is malformed");
  require_text(reply.transfer_syntax, longest_text, "the name of the transfer syntax is too long");
  require_text(reply.photometric_interpretation, longest_text, "PhotometricInterpretation is too long");
  require(static_cast<std::size_t>(reply.type) < pixel_types, "the pixel type is unknown");
  for (const auto size : {reply.rows, reply.columns, reply.samples})
    require(size >= 0 && size <= std::numeric_limits<std::uint16_t>::max(), "the size of a frame is out of range");
  check_range(reply.all);
  require(!reply.frames.empty(), "it has no frame");
  bool whole = true;
  for (const auto& frame : reply.frames) {
    whole = whole && frame.answer();
    if (const auto* failure = frame.failure()) {
      item_failure(*failure);
      continue;
    }
    check_range(*frame.answer());
    require_sha256(frame.answer()->pixel_sha256, "a frame's SHA-256 is malformed");
  }
  if (whole)
    require_sha256(reply.all.pixel_sha256, "the SHA-256 of all frames is malformed");
  else
    require(reply.all.pixel_sha256.empty(), "it has a SHA-256 of all frames, though one cannot be decoded");
}

}  // namespace aidp
