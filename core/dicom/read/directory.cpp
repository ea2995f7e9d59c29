// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/directory.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "core/base/text.hpp"
#include "core/dicom/read/file.hpp"
#include "core/dicom/read/file_reader.hpp"

namespace aidp {

std::vector<std::vector<std::string>> referenced_files(const std::string& path) {
  const DicomFile file(std::make_shared<FileReader>(path), DicomFile::Part::whole);
  DcmSequenceOfItems* records = nullptr;
  if (file.dataset().findAndGetSequence(DCM_DirectoryRecordSequence, records).bad() || !records)
    throw Error(Reason::dicom_malformed, "it is not a DICOMDIR: it has no DirectoryRecordSequence");
  std::vector<std::vector<std::string>> files;
  for (unsigned long i = 0; i < records->card(); ++i) {
    OFString id;
    if (records->getItem(i)->findAndGetOFStringArray(DCM_ReferencedFileID, id).good() && !id.empty())
      files.push_back(split({id.c_str(), id.length()}, '\\'));
  }
  file.check_read();
  for (auto& parts : files)
    for (auto& part : parts) part = trim(std::string(part));
  return files;
}

}  // namespace aidp
