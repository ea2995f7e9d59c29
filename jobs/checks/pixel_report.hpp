// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/results/record.hpp"
#include "jobs/protocol/read_messages.hpp"
#include "jobs/run/run.hpp"

namespace aidp {

// What the DICOM workers made of the pixels of one file.
struct PixelFacts {
  std::string path;
  Outcome outcome = Outcome::completed;
  std::optional<Reason> reason;  // unless completed; of the first frame that cannot be decoded
  std::string message;
  std::optional<PixelsReply> facts;  // none if nothing could be decoded
};

// Decodes every frame of every file of the inputs, with `workers` DICOM workers (0: one per core); `each` is called in the order of the
// paths. A worker that crashes or hangs costs the one file that it was at. Throws Error(path_missing, path_unreadable, interrupted,
// terminated).
void report_pixels(const Home& home, const std::vector<std::filesystem::path>& inputs, int workers, ProgressSink& progress,
                   const std::function<void(const PixelFacts&)>& each);

}  // namespace aidp
