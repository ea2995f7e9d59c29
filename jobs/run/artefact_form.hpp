// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "core/manifest/output.hpp"
#include "jobs/plan/plan.hpp"

namespace aidp {

// How an output that is a file is stored.
struct ArtefactForm {
  const char* folder;  // in the output folder
  const char* ending;  // of the file's name
  const char* writer;  // of jobs/workers/writers
  // What a model worker puts into the output pool of an image, and how many bytes of it are known before the image is decoded.
  ImageHeader (*stored)(const ImageHeader& image);
  std::uint64_t (*bytes)(const OpenSeries& series, const PlannedItem& item);
};
// All there are.
std::span<const ArtefactForm> artefact_forms();
// Throws Error(internal) for an output that is not a file.
const ArtefactForm& artefact_form(const Output& output);

}  // namespace aidp
