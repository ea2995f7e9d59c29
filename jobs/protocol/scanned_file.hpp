// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/base/file_state.hpp"
#include "core/base/packed_fields.hpp"

namespace aidp {

// What reading one file's header gave, as a DICOM worker packs it (jobs/protocol/protocol.md). Views of what others keep.
struct ScannedFile {
  FileState state{};                     // of the opened file
  std::string_view reason{}, message{};  // a reason's name and words if there is no header; else empty
  bool has_pixels = true;
  std::string_view study_uid{}, series_uid{}, sop_uid{};  // of a file that breaks off: what stood before the break
  std::string_view accession_number{}, patient_id{};      // as in InstanceHeader; the index keys them and keeps neither
  std::string_view header{}, attributes{};                // an InstanceHeader, packed; its attributes as MessagePack
  AIDP_PACKED(state.size, state.mtime_ns, state.ctime_ns, state.inode, reason, message, has_pixels, study_uid, series_uid, sop_uid,
              accession_number, patient_id, header, attributes)
};

}  // namespace aidp
