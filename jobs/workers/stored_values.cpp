// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/stored_values.hpp"

#include <cmath>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/dicom/codec/pixels.hpp"
#include "core/dicom/codec/stored.hpp"
#include "core/dicom/codec/syntax.hpp"
#include "jobs/protocol/bounds.hpp"

namespace aidp {

namespace {
FrameFacts facts_of(const std::array<double, 2>& range, std::string pixel_sha256) {
  if (!std::isfinite(range[0]) || !std::isfinite(range[1])) return {NAN, NAN, std::move(pixel_sha256)};
  return {range[0], range[1], std::move(pixel_sha256)};
}
}  // namespace

PixelsReply stored_values(const PixelsRequest& request) {
  const PixelFile file(request.path);
  const auto& header = file.stored();
  const auto form = stored_form(header);
  PixelsReply reply{.sop_instance_uid = header.sop_instance_uid,
                    .transfer_syntax_uid = header.transfer_syntax_uid,
                    .transfer_syntax = std::string(find_syntax(header.transfer_syntax_uid)->name),
                    .photometric_interpretation = printable(header.photometric_interpretation),
                    .type = form.type,
                    .rows = header.rows,
                    .columns = header.columns,
                    .samples = form.samples,
                    .all = {},
                    .frames = {}};
  Sha256 hash_of_all;
  std::vector<std::byte> values(static_cast<std::size_t>(form.bytes));
  std::array<double, 2> range{NAN, NAN};
  bool whole = true;
  reply.frames.resize(static_cast<std::size_t>(header.number_of_frames));
  for (std::int64_t frame = 0; frame < header.number_of_frames; ++frame) {
    auto& said = reply.frames[static_cast<std::size_t>(frame)].said;
    try {
      file.decode_stored(frame, values);
      hash_of_all.update(values);
      const auto own = range_of(values, form.type);
      range = std::array{std::fmin(range[0], own[0]), std::fmax(range[1], own[1])};
      said = facts_of(own, hex(sha256(values)));
    } catch (const std::exception& error) {
      said = item_failure(error);
      whole = false;
    }
  }
  reply.all = facts_of(range, whole ? hex(hash_of_all.finish()) : "");
  return reply;
}

}  // namespace aidp
