// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/dicom/header.hpp"

namespace aidp {

class DicomFile;
class FileReader;

// Reads a file, opened as `reader`, up to its pixel data. `keywords`: attributes wanted beside provenance_keywords(). Text comes as UTF-8
// without control characters. Throws as DicomFile does.
InstanceHeader read_header(const std::string& path, const std::shared_ptr<FileReader>& reader, const std::vector<std::string>& keywords);
// What a parsed file says of its pixels and geometry; no attributes.
InstanceHeader header_of(const DicomFile& file, const std::string& path);

}  // namespace aidp
