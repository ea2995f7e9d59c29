// SPDX-License-Identifier: Apache-2.0
#include "jobs/workers/scan.hpp"

#include "core/base/packed.hpp"
#include "core/dicom/read/directory.hpp"
#include "core/dicom/read/file.hpp"
#include "core/dicom/read/file_reader.hpp"
#include "core/dicom/read/read_header.hpp"
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"
#include "jobs/protocol/packed_attributes.hpp"

namespace aidp {

namespace {
// What the views of a ScannedFile look at.
struct Scanned {
  FileState state;
  ItemFailure failure;
  InstanceHeader header;
  std::string packed_header, packed_attributes;
};

ScannedFile view_of(const Scanned& scanned) {
  const auto& header = scanned.header;
  return {.state = scanned.state,
          .reason = scanned.failure.reason,
          .message = scanned.failure.message,
          .has_pixels = header.has_pixels,
          .study_uid = header.study_instance_uid,
          .series_uid = header.series_instance_uid,
          .sop_uid = header.sop_instance_uid,
          .accession_number = header.accession_number,
          .patient_id = header.patient_id,
          .header = scanned.packed_header,
          .attributes = scanned.packed_attributes};
}

void read(const std::string& path, const std::vector<std::string>& keywords, Scanned& scanned) {
  const auto reader = std::make_shared<FileReader>(path);
  scanned.state = reader->state();
  scanned.header = read_header(path, reader, keywords);
  scanned.packed_header = packed(scanned.header);
  scanned.packed_attributes = packed_attributes(scanned.header.attributes);
  try {
    check_scanned(view_of(scanned), keywords);
  } catch (const BadReply& error) {
    throw Error(Reason::dicom_malformed, error.what());
  }
}

Scanned scan_file(const std::string& path, const std::vector<std::string>& keywords) {
  Scanned scanned;
  try {
    read(path, keywords, scanned);
  } catch (const std::exception& error) {
    scanned = {.state = scanned.state, .failure = {}, .header = {}, .packed_header = {}, .packed_attributes = {}};
    if (const auto* broken = dynamic_cast<const BrokenFile*>(&error)) {
      scanned.header.study_instance_uid = broken->study_uid;
      scanned.header.series_instance_uid = broken->series_uid;
    }
    scanned.failure = item_failure(error);
  }
  return scanned;
}
}  // namespace

std::string scan(const ScanRequest& request) {
  std::vector<Scanned> files;
  files.reserve(request.paths.size());  // as they are looked at in place
  ScanReply reply;
  for (const auto& path : request.paths) {
    files.push_back(scan_file(path, request.keywords));
    reply.files.push_back(view_of(files.back()));
  }
  return packed(reply);
}

DirectoryReply directory(const DirectoryRequest& request) { return {referenced_files(request.path)}; }

}  // namespace aidp
