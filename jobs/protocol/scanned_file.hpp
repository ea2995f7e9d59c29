// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <msgpack.hpp>
#include <string_view>

#include "core/base/file_state.hpp"

namespace aidp {

// What reading one file's header gave, as a DICOM worker packs it (jobs/protocol/protocol.md). Views of what others keep.
struct ScannedFile {
  FileState state;                   // before it was read
  std::string_view reason, message;  // a reason's name and words where there is no header; else empty
  bool has_pixels = true;
  std::string_view study_uid, series_uid, sop_uid;
  std::string_view accession_sha256, patient_sha256;  // as in InstanceHeader
  std::string_view header, attributes;                // an InstanceHeader, packed; its attributes as CBOR
  MSGPACK_DEFINE_ARRAY(state.size, state.mtime_ns, state.ctime_ns, state.inode, reason, message, has_pixels, study_uid, series_uid, sop_uid,
                       accession_sha256, patient_sha256, header, attributes)
};

}  // namespace aidp
